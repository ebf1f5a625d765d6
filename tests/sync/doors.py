"""Calls a management command as its users do, and reads what it prints."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def door(*argv: str) -> Said:
    """`manage.py argv...` in this process: exit code and both streams."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(*argv, stdout=out, stderr=err)
    except SystemExit as exc:
        code = int(exc.code or 0)
    return Said(code, out.getvalue(), err.getvalue())
