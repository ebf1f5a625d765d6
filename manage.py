#!/usr/bin/env python
"""Entry of every management command: `manage.py help` lists them."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

BAD_INPUT = 2


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ascrecon.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as exc:
        refuse(str(exc))
    except OperationalError as exc:
        if getattr(exc.__cause__, "sqlstate", None) is not None:
            raise
        # No SQLSTATE: no server answered, so the fault lies in the set-up and not in a statement.
        refuse(f"The database cannot be used: {str(exc).strip()}")


def refuse(sentence: str) -> None:
    """Ends with the sentence alone: a wrong setting is the reader's to mend, a traceback would not help."""
    sys.stderr.write(sentence + "\n")
    sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
