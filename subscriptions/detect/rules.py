"""The rules as data: texts and thresholds in rules.toml, statements in sql/."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from reports.models import Severity


@dataclass(frozen=True)
class Rule:
    """One rule. Its statement gives app_id, member, at_ms, until_ms (null: still so), money (currency to milliunits)
    and facts, which fill the sentence; the facts `grade` and `why` choose another severity and cause.

    `thresholds` are what a person may change, their units in their names. The rules read Apple's fields as Apple
    documents them; when a rule fires is an own choice.
    """

    code: str
    title: str
    kind: str
    severity: Severity
    cause: str
    sentence: str
    next_step: str
    thresholds: Mapping[str, int] = field(default_factory=dict)

    @property
    def statement(self) -> str:
        return _text("sql/prelude.sql") + _text(f"sql/{self.code}.sql")


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its code, as delivered."""
    told = tomllib.loads(_text("rules.toml"))
    return {code: Rule(code=code, **{**facts, "severity": Severity(facts["severity"])}) for code, facts in told.items()}


@cache
def _text(path: str) -> str:
    return files(__package__).joinpath(path).read_text(encoding="utf-8")
