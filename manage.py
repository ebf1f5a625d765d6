#!/usr/bin/env python
"""Entry of every management command: `manage.py help` lists them."""

from __future__ import annotations

import json
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError, ProgrammingError

BAD_INPUT = 2
UNDEFINED = ("42P01", "42703")  # PostgreSQL, error codes: undefined table, undefined column


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ascrecon.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as exc:
        refuse(str(exc))
    except ProgrammingError as exc:
        if getattr(exc.__cause__, "sqlstate", None) not in UNDEFINED:
            raise
        refuse("The database has no tables, or those of another version: run `manage.py migrate`.")
    except OperationalError as exc:
        if getattr(exc.__cause__, "sqlstate", None) is not None:
            raise
        # No SQLSTATE: no server answered, so the fault lies in the set-up and not in a statement.
        refuse(f"The database cannot be used: {str(exc).strip()}")


def refuse(sentence: str) -> None:
    """Ends with the sentence alone: a wrong setting is the reader's to mend, a traceback would not help."""
    if "--json" in sys.argv:
        error = {"file": "", "line": None, "seen": sentence, "do": "Correct the set-up, then try again."}
        sys.stdout.write(json.dumps({"error": error}) + "\n")
    sys.stderr.write(sentence + "\n")
    sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
