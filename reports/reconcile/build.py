"""From lines to findings: one for each key and run of consecutive periods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from reports.findings.found import Found, FoundDay
from reports.findings.severity import severity_of
from reports.models import Account, App, Cause, Grain, Rule, Vendor, Vintage
from reports.reconcile.lines import Line
from reports.reconcile.sentences import Facts, message, next_step


class Names:
    """Accounts, vendors, apps and vintages by number, each read once for a run."""

    def __init__(self) -> None:
        self.accounts = Account.objects.in_bulk()
        self.vendors = Vendor.objects.in_bulk()
        self.apps = App.objects.in_bulk()


def build_findings(rule: Rule, lines: Iterable[Line], names: Names, vintages: dict[int, Vintage]) -> list[Found]:
    """The findings that `lines` make; each line belongs to exactly one."""
    ordered = sorted(lines, key=lambda line: (_key(line), line.period_start))
    return [
        _found(rule, run, names, vintages)
        for _, group in groupby(ordered, key=_key)
        for run in consecutive(list(group))
    ]


def _key(line: Line) -> tuple[object, ...]:
    return (
        line.kind,
        line.account_id,
        line.vendor_id or 0,
        line.app_id or 0,
        line.metric,
        line.cut,
        line.scope,
        line.place,
        line.currency,
    )


def consecutive(lines: Sequence[Line]) -> list[list[Line]]:
    """Split lines in the order of their periods where a period is left out.

    A day that is equal by chance does not split days that are all shifted to another midnight.
    """
    runs: list[list[Line]] = []
    for line in lines:
        if runs and _continues(runs[-1][-1], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _continues(before: Line, line: Line) -> bool:
    adjacent = line.period_start <= before.period_end + timedelta(days=1)
    return adjacent or (line.shift is not None and line.shift == before.shift)


def _found(rule: Rule, run: Sequence[Line], names: Names, vintages: dict[int, Vintage]) -> Found:
    first = run[0]
    facts = _facts(rule, run, names)
    difference, explained = facts.difference, sum((line.explained for line in run), Decimal(0))
    residual = difference - explained
    assert first.kind is not None
    return Found(
        kind=first.kind,
        cause=facts.cause,
        severity=severity_of(first.kind, facts.cause, residual, facts.api, facts.console),
        account=names.accounts[first.account_id],
        vendor=names.vendors.get(first.vendor_id or 0),
        app=facts.app,
        report=rule.api_report,
        metric=first.metric or rule.console_metric,
        cut=facts.cut,
        member=first.place,
        currency=first.currency,
        grain=Grain(rule.grain),
        from_day=facts.first,
        to_day=facts.last,
        api_value=facts.api,
        console_value=facts.console,
        difference=difference,
        explained=explained,
        money_at_risk={first.currency: str(abs(residual))} if first.currency and residual else {},
        message=message(facts),
        next_step=next_step(facts),
        evidence=_evidence(run, vintages),
        rule=rule,
        details=_details(run),
        days=[_day(line) for line in run],
    )


def _facts(rule: Rule, run: Sequence[Line], names: Names) -> Facts:
    first = run[0]
    assert first.kind is not None
    return Facts(
        kind=first.kind,
        cause=_cause(run),
        rule=rule,
        app=names.apps.get(first.app_id or 0),
        cut=first.cut or rule.cut,
        member=first.place,
        currency=first.currency,
        first=first.period_start,
        last=run[-1].period_end,
        api=_sum(line.api_value for line in run),
        console=_sum(line.console_value for line in run),
        difference=sum((line.difference for line in run), Decimal(0)),
        explained=sum((line.explained for line in run), Decimal(0)),
        rows=sum(int(str(line.details.get("rows", 0))) for line in run),
        missing_regions=tuple(sorted({code for line in run for code in _regions(line)})),
    )


def _regions(line: Line) -> list[str]:
    regions = line.details.get("missing_regions", [])
    return [str(code) for code in regions] if isinstance(regions, list) else []


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _cause(run: Sequence[Line]) -> Cause:
    """The cause of the line with the most left over; where nothing is left, of the largest difference."""
    return max(run, key=lambda line: (abs(line.difference - line.explained), abs(line.difference))).cause


def _day(line: Line) -> FoundDay:
    return FoundDay(
        period_start=line.period_start,
        period_end=line.period_end,
        api_value=line.api_value,
        console_value=line.console_value,
        difference=line.difference,
        explained=line.explained,
        api_vintage_id=line.api_vintage_id,
        console_vintage_id=line.console_vintage_id,
    )


def _evidence(run: Sequence[Line], vintages: dict[int, Vintage]) -> list[dict[str, object]]:
    """The files of both sides, each once, by name and hash: both stay the same when the findings are made again."""
    ids = dict.fromkeys(n for line in run for n in (line.api_vintage_id, line.console_vintage_id) if n)
    files = {
        (vintages[n].delivery.file_name, vintages[n].delivery.raw_file.sha256): vintages[n].delivery
        for n in ids
        if n in vintages
    }
    return [
        {"file": name, "sha256": sha256, "line": None, "delivery": delivery.pk}
        for (name, sha256), delivery in sorted(files.items())
    ]


def _details(run: Sequence[Line]) -> dict[str, object]:
    details: dict[str, object] = {}
    if regions := sorted({code for line in run for code in _regions(line)}):
        details["missing_regions"] = regions
    if rows := sum(int(str(line.details.get("rows", 0))) for line in run):
        details["rows"] = rows
    return details
