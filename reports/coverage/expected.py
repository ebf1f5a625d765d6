"""Why a report is due when it is, in the words of whoever said so."""

from __future__ import annotations

from datetime import UTC, timedelta

from ascrecon.appstore import load_catalogue
from reports.models import CoverageCell, Grain
from reports.sync.analytics_facts import LONGEST_LAG
from reports.sync.calendar import PULLED
from reports.sync.policy import sync_policy
from reports.wording import counted

#: The agreement by which due times are reckoned (`Catalogue.due_at`).
WORLDWIDE = "worldwide"


def why_due(cell: CoverageCell) -> list[str]:
    """Sentences on what was expected of a cell and by which rule; the last one says when it counts as late."""
    sentences = _why_analytics(cell) if cell.app_id else _why_pulled(cell)
    return [*sentences, f"Due {cell.due.astimezone(UTC):%Y-%m-%d %H:%M} UTC."]


def _why_analytics(cell: CoverageCell) -> list[str]:
    made_on = cell.due.astimezone(UTC).date() - timedelta(days=1)
    hour = "At which hour Apple makes it is not known, so it is due when that day is over."
    if cell.granularity == Grain.WEEK:
        days = sync_policy().analytics_week_made_after_days
        rule = f"Apple makes a week {counted(days, 'day')} after its Sunday (Data Completeness)"
    elif cell.granularity == Grain.MONTH:
        rule = "Apple makes a month on the fifth of the next one (Data Completeness)"
    else:
        rule = _why_day(cell.report)
    return [f"{rule}: in the delivery of {made_on}.", hour]


def _why_day(report: str) -> str:
    facts = load_catalogue().analytics_report(report)
    if facts is None:
        return f"Nobody described this report, so its days are waited for as long as any: {counted(LONGEST_LAG, 'day')}"
    doubt = "" if facts.confirmed else ", unconfirmed"
    days = counted(facts.completeness_days, "day")
    return f"A day of this report is complete {days} after it (Apple, Data Completeness{doubt})"


def _why_pulled(cell: CoverageCell) -> list[str]:
    kind = next((kind for kind in PULLED if kind.name == cell.report), None)
    if kind is None:
        return []
    if kind.is_finance:
        return ["Apple makes a fiscal month's finance reports by the first Friday after it (Apple Help)."]
    rule = next(
        (
            rule
            for rule in load_catalogue().availability
            if (rule.agreement, rule.frequency) == (WORLDWIDE, kind.frequency)
        ),
        None,
    )
    if rule is None:
        return []
    when = f"{counted(rule.days_after_end, 'day')} after its last day at {rule.hour}:00 Pacific Time"
    doubt = "" if rule.confirmed else "; unconfirmed"
    return [f"Apple makes this report {when} ({rule.source}{doubt})."]
