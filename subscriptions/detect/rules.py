"""The rules as data: texts and thresholds in rules.toml, statements in sql/."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from reports.models import Severity

ONLY = "AND app_id = %(app)s AND original_id = ANY(%(originals)s)"


@dataclass(frozen=True)
class Rule:
    """One rule. Its statement gives app_id, member, at_ms, until_ms (null: still so), money (currency to milliunits)
    and facts, which fill the sentence; the facts `grade` and `why` choose another severity and cause.

    An `account_wide` one is about no single subscription: only the look at the whole account runs it. What the others
    find names its subscriptions (facts `original`, `old`, `new`, or a list `subscriptions`), and follows from these
    alone. `thresholds` are what a person may change, their units in their names. The rules read Apple's fields as Apple
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
    account_wide: bool = False
    #: Kinds of own data without which it finds nothing, and those that it reads where they are there.
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    #: It looks at an account and not at its apps: the statement gives account_id in place of app_id.
    of_account: bool = False
    #: Further statements before its own and after it, and the reports of Apple of which one must be here.
    preludes: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    #: Off as delivered where nothing of Apple's supports it; not confirmed: every page says so.
    enabled: bool = True
    confirmed: bool = True

    @property
    def own_data(self) -> tuple[str, ...]:
        return (*self.needs, *self.uses)

    def statement(self, *, narrow: bool = False) -> str:
        """`narrow`: over the subscriptions `originals` of one `app` only, which are two parameters more."""
        whole = "".join(_text(f"sql/{name}.sql") for name in ("prelude", *self.preludes, self.code, *self.endings))
        return whole.replace("{uploaded}", uploaded()).replace("/*only*/", ONLY if narrow else "")


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its code, as delivered."""
    told = tomllib.loads(_text("rules.toml"))
    return {code: _rule(code, facts) for code, facts in told.items()}


def _rule(code: str, facts: Mapping[str, Any]) -> Rule:
    data = {name: tuple(facts.get(name, ())) for name in ("needs", "uses", "preludes", "endings", "reports")}
    return Rule(code=code, **{**facts, **data, "severity": Severity(facts["severity"])})


def uploaded() -> str:
    """The statement that gives the own data which counts: app_id, account_id, kind, upload_id, taken_ms."""
    return _text("sql/uploaded.sql")


@cache
def _text(path: str) -> str:
    return files(__package__).joinpath(path).read_text(encoding="utf-8")
