# `make help` lists the targets. Each does its own set-up on a machine that has only Python and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

# A Python that is new enough, not too new, and able to make virtual environments (Debian ships that apart).
FITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.PHONY: help setup demo test soak canaries bench lint

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make .venv, install the requirements, prepare the database
	@$(PY) manage.py migrate --verbosity 0
	@echo "Ready: make demo, make test, or $(PY) manage.py help"

demo: $(INSTALLED) ## the whole way against the simulator, then the admin (NO_SERVE=1 ends after the summary)
	@$(PY) manage.py demo $(if $(NO_SERVE),--no-serve)

test: $(INSTALLED) $(VENV)/bench/.installed ## all tests that this machine can run (PYTEST_ARGS="-k name" for some)
	@$(PY) -m pytest -n auto $(PYTEST_ARGS)

soak: $(INSTALLED) ## long campaigns of faults, each with its table (SOAK=name for one, SOAK_SEED=n to repeat it)
	@$(PY) -m tests.soak

canaries: $(INSTALLED) ## builds broken on purpose: which test notices each (ten minutes)
	@$(PY) -m tests.canaries

lint: $(INSTALLED) ## ruff, mypy, missing migrations, template format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy ascrecon reports subscriptions benchmarks
	$(PY) manage.py makemigrations --check --dry-run
	@find . -path './.*' -prune -o -path '*/templates/*' -name '*.html' -print0 | xargs -0 -r $(VENV)/bin/djade --check --target-version 5.2

bench: $(INSTALLED) $(VENV)/bench/.installed ## speed beside a yardstick, JSON lines (BENCH=ingest for one, BENCH_ROWS, BENCH_RUNS)
	@$(PY) -m benchmarks $(BENCH)

# The yardstick needs an older pandas than the product, so it has an environment of its own.
$(VENV)/bench/.installed: requirements-bench.txt | $(VENV)/.python
	@$(PY) -m venv --clear $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip install --quiet --only-binary :all: -r requirements-bench.txt >&2
	@touch $@

$(INSTALLED): requirements.txt requirements-dev.txt | $(VENV)/.python
	@if ldd --version 2>&1 | grep -qi musl; then \
		echo "No embedded PostgreSQL on musl: name a database server in DATABASE_URL."; skip='^pixeltable'; \
	else skip='^$$'; fi; \
	cat requirements.txt requirements-dev.txt | grep -v -e '^-r' -e "$$skip" > $(VENV)/wanted.txt
	@$(PY) -m pip install --quiet --only-binary :all: -r $(VENV)/wanted.txt
	@touch $@

# Without its mark the folder may be half made; a virtual environment that works is kept.
$(VENV)/.python:
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
		for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
			if "$$python" -c '$(FITS)' 2>/dev/null; then found=$$python; break; fi; \
		done; \
		if [ -z "$${found:-}" ]; then \
			echo "ascrecon needs Python 3.11, 3.12 or 3.13 with venv. Debian, Ubuntu: apt-get install python3 python3-venv." >&2; \
			echo "To name one: make PYTHON=/path/to/python3.12 setup" >&2; exit 1; \
		fi; \
		"$$found" -m venv --clear $(VENV); \
	}
	@touch $@
