"""Long campaigns against the whole product, run by `python -m tests.soak`; `make test` runs a small version of each."""
