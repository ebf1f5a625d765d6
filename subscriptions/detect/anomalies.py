"""Runs the rules over the subscriptions of an account, production only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from reports.models import Account, App, Series, Severity, Side
from reports.sql import fetch
from reports.wording import amount, listed
from subscriptions.derive.planning import without_nested_loops
from subscriptions.detect import report_events
from subscriptions.detect.rules import Rule, all_rules
from subscriptions.models import DataUpload, RuleSetting
from subscriptions.moments import milliseconds, moment
from subscriptions.selectors.amounts import money
from subscriptions.selectors.masking import masked

OF_APPS = """
SELECT f.app_id, f.member, f.at_ms, f.until_ms, f.money, f.facts
FROM ({statement}) f JOIN reports_app a ON a.id = f.app_id
WHERE %(account)s::bigint IS NULL OR a.account_id = %(account)s
ORDER BY f.app_id, f.at_ms, f.member
"""
OF_ACCOUNT = """
SELECT f.account_id, f.member, f.at_ms, f.until_ms, f.money, f.facts
FROM ({statement}) f
WHERE %(account)s::bigint IS NULL OR f.account_id = %(account)s
ORDER BY f.account_id, f.at_ms, f.member
"""
LINE = 0xFFFFFFFF  # of the number of a row


@dataclass(frozen=True)
class Anomaly:
    """What a rule found: whose, since when, and the money at risk at list price from that day on."""

    rule: Rule
    account: Account
    app: App | None
    member: str
    at_ms: int
    until_ms: int | None
    severity: Severity
    message: str
    money: dict[str, Decimal]
    facts: dict[str, Any] = field(repr=False)
    #: The own data by which it was found, and the line in it where there is one.
    upload: DataUpload | None = None
    line: int | None = None

    @property
    def at(self) -> datetime | None:
        return moment(self.at_ms)

    @property
    def originals(self) -> list[str]:
        """The original transaction IDs that it is about."""
        named = [str(self.facts[name]) for name in ("original", "old", "new") if self.facts.get(name)]
        return [*named, *self.facts.get("subscriptions", [])]


def anomalies(account: Account | None, at: datetime, codes: Iterable[str] | None = None) -> list[Anomaly]:
    """What the rules find at the moment `at`; `codes` names some of the rules, else all that are switched on."""
    found: list[Anomaly] = []
    for rule, severity, thresholds in _chosen(codes):
        if rule.reports and not _is_here(rule.reports, account):
            continue
        parameters = {
            **report_events.parameters(),
            **thresholds,
            "account": account.pk if account else None,
            "now_ms": milliseconds(at),
        }
        with without_nested_loops():
            found += _run(rule, severity, rule.statement(), parameters)
    return found


def anomalies_of(app: App, originals: Collection[str], at: datetime) -> list[Anomaly]:
    """What the rules find in these subscriptions (original transaction IDs) alone; not the account-wide rules."""
    found: list[Anomaly] = []
    few = {"app": app.pk, "originals": sorted(originals), "account": None, "now_ms": milliseconds(at)}
    for rule, severity, thresholds in _chosen(None):
        if not rule.account_wide:
            found += _run(rule, severity, rule.statement(narrow=True), {**thresholds, **few})
    return found


def _run(rule: Rule, severity: Severity, statement: str, parameters: Mapping[str, Any]) -> list[Anomaly]:
    rows = fetch((OF_ACCOUNT if rule.of_account else OF_APPS).format(statement=statement), parameters)
    if not rows:
        return []
    where = {row[0] for row in rows}
    owners: Mapping[int, Account | App] = (
        Account.objects.in_bulk(where) if rule.of_account else App.objects.select_related("account").in_bulk(where)
    )
    told = [_object(row[5]) for row in rows]
    uploads = DataUpload.objects.in_bulk({facts["upload"] for facts in told if facts.get("upload")})
    return [
        _anomaly(rule, severity, owners[at], member, since, until, risk, facts, uploads.get(facts.pop("upload", None)))
        for (at, member, since, until, risk, _), facts in zip(rows, told, strict=True)
    ]


def _chosen(codes: Iterable[str] | None) -> list[tuple[Rule, Severity, Mapping[str, int]]]:
    wanted = set(codes) if codes is not None else None
    settings = {each.code: each for each in RuleSetting.objects.all()}
    chosen: list[tuple[Rule, Severity, Mapping[str, int]]] = []
    for code, rule in all_rules().items():
        mine = settings.get(code)
        enabled = rule.enabled if mine is None else mine.enabled
        if not (enabled if wanted is None else code in wanted):
            continue
        severity = Severity(mine.severity) if mine and mine.severity else rule.severity
        chosen.append((rule, severity, {**rule.thresholds, **(mine.thresholds if mine else {})}))
    return chosen


def _is_here(reports: Iterable[str], account: Account | None) -> bool:
    """Whether Apple has delivered one of these reports; without any there is nothing to compare."""
    series = Series.objects.filter(kind__in=reports, side=Side.API)
    return (series.filter(account=account) if account else series).exists()


def _anomaly(
    rule: Rule, severity: Severity, owner: Account | App, member: str, at_ms: int, until_ms: int | None, risk: Any,
    told: dict[str, Any], upload: DataUpload | None,
) -> Anomaly:  # fmt: skip
    grade, row = told.pop("grade", None), told.pop("row", None)
    return Anomaly(
        rule=rule,
        account=owner if isinstance(owner, Account) else owner.account,
        app=None if isinstance(owner, Account) else owner,
        member=member,
        at_ms=int(at_ms),
        until_ms=None if until_ms is None else int(until_ms),
        severity=Severity(grade) if grade else severity,
        message=rule.sentence.format_map(_words(told)) + _source(upload),
        money=_amounts(_object(risk)),
        facts=_words(told),
        upload=upload,
        line=row & LINE if row else None,
    )


def _source(upload: DataUpload | None) -> str:
    """Which list says so, and of which moment."""
    if upload is None:
        return ""
    return f" ({upload.get_kind_display()} of {upload.taken_at:%Y-%m-%d %H:%M} UTC: {upload.file_name})"


def _object(value: Any) -> dict[str, Any]:
    loaded = json.loads(value) if isinstance(value, str) else value
    return dict(loaded or {})


def _words(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens as marks, since findings are read by everybody; prices in milliunits as amounts with their currency."""
    return {name: _word(name, value, facts) for name, value in facts.items()}


def _word(name: str, value: Any, facts: Mapping[str, Any]) -> Any:
    if name.endswith("_token"):
        return masked(str(value), seen=False)
    if name.endswith("_prices"):
        told = listed(amount(money(milli), currency) for milli, currency in value or ())
        return f": {told}" if told else ""
    if name.endswith("_price"):
        known = money(value)
        currency = str(facts.get(name.replace("_price", "_currency")) or "")
        return "an unknown price" if known is None else amount(known, currency)
    return value


def _amounts(by_currency: Mapping[str, Any]) -> dict[str, Decimal]:
    """Milliunits by currency as amounts; currencies are never added."""
    found = {currency: money(int(milli)) for currency, milli in sorted(by_currency.items()) if currency}
    return {currency: value for currency, value in found.items() if value}
