"""What the findings about analytics deliveries have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from reports.detect.analytics.due import Due
from reports.detect.spans import runs
from reports.findings.found import Found, FoundDay
from reports.models import App, Cause, FindingKind, Grain, Severity
from reports.wording import counted, span

Run = Sequence[Due]

NOUNS = {Grain.DAY: "day", Grain.WEEK: "week", Grain.MONTH: "month"}


def apps_of(ids: Iterable[int]) -> dict[int, App]:
    return App.objects.select_related("account").in_bulk(set(ids))


def runs_of(items: Iterable[Due]) -> list[list[Due]]:
    """Runs of consecutive periods of one series."""
    ordered = sorted(items, key=lambda due: (due.series, due.first))
    groups = (list(group) for _, group in groupby(ordered, key=lambda due: due.series))
    return [run for group in groups for run in runs(group, lambda due: due.span)]


def member_of(granularity: str) -> str:
    """Tells the weeks and months of a report from its days, which may be missing at the same time."""
    return "" if granularity == Grain.DAY else granularity


def how_many(run: Run) -> str:
    """`3 days`, `1 week`."""
    return counted(len(run), NOUNS[Grain(run[0].granularity)])


def what(run: Run) -> str:
    """`App Sessions Standard for 2026-11-01 to 2026-11-03`."""
    return f"{run[0].report} for {span(run[0].first, run[-1].last)}"


def of_run(
    run: Run, apps: dict[int, App], kind: FindingKind, severity: Severity, message: str, next_step: str
) -> Found:
    """A finding over the periods of a run, which lead to their cells in the ledger."""
    app = apps[run[0].app_id]
    return Found(
        kind=kind,
        cause=Cause.NOT_DELIVERED,
        severity=severity,
        account=app.account,
        app=app,
        report=run[0].report,
        member=member_of(run[0].granularity),
        grain=Grain(run[0].granularity),
        from_day=run[0].first,
        to_day=run[-1].last,
        message=message,
        next_step=next_step,
        details={"cells": [due.cell_id for due in run]},
        days=[FoundDay(period_start=due.first, period_end=due.last) for due in run],
    )
