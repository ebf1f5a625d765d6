"""The commands as others use them: with --json, and the exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import call_command


@dataclass(frozen=True)
class Reply:
    code: int
    document: Any
    said: str


def ask(command: str, *arguments: object) -> Reply:
    """What a command prints with --json, its exit code, and what it says on standard error."""
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command(command, *map(str, arguments), "--json", stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return Reply(code, json.loads(out.getvalue()), err.getvalue())


def told(command: str, *arguments: object) -> Any:
    """The JSON document of a command that must end well."""
    reply = ask(command, *arguments)
    assert reply.code == 0, reply
    return reply.document


def findings_of(*arguments: object) -> list[dict[str, Any]]:
    """Reconcile, and the findings of that run."""
    found: list[dict[str, Any]] = told("reconcile", *arguments)["findings"]
    return found


def refusal(command: str, *arguments: object) -> dict[str, Any]:
    """The `error` object of a command that must end with 2."""
    reply = ask(command, *arguments)
    assert reply.code == 2, reply
    error: dict[str, Any] = reply.document["error"]
    assert set(error) == {"file", "line", "seen", "do"}
    assert reply.said.strip(), "people get a sentence too"
    return error
