"""Keeps the caller's environment away from the server: PGPORT, LANG and TZ would stay in the cluster."""

from __future__ import annotations

import os


def server_environment() -> dict[str, str]:
    """The environment for initdb and postgres: no PG*, LC_* or LANG*, messages in English, UTC."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def forget_libpq_variables() -> None:
    """Takes PG* out of this process's environment: libpq reads PGOPTIONS, PGHOSTADDR, PGTZ and others beside
    the parameters of the connection, and some of them cannot be overridden by a parameter.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
