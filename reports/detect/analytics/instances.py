"""Single deliveries of ongoing requests that are not as they should be: two of one day, withdrawn, or unreadable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from ascrecon import clock
from reports.detect.analytics.build import NOUNS, apps_of, member_of
from reports.detect.analytics.periods import with_periods
from reports.detect.evidence import files_of
from reports.detect.incidents import BY_ITSELF, NEXT_STEPS
from reports.detect.spans import Span, runs, touches
from reports.findings.found import Found, FoundDay
from reports.models import Account, App, Cause, FindingKind, Grain, Severity
from reports.sql import fetch
from reports.sync.policy import sync_policy
from reports.wording import counted, listed, span

# Everything that was ever listed twice for one processing date.
TWINS = """
SELECT q.app_id, p.name, i.granularity, i.processing_date, '', count(*), array_agg(i.delivery_id ORDER BY i.id),
       count(DISTINCT v.rows_hash) > 1, ''
FROM reports_analyticsinstance i JOIN reports_analyticsreport p ON p.id = i.report_id
JOIN reports_reportrequest q ON q.id = p.request_id AND q.access = 'ONGOING'
LEFT JOIN (SELECT delivery_id, sum(rows_hash) AS rows_hash FROM reports_vintage GROUP BY 1) v
    ON v.delivery_id = i.delivery_id
WHERE (%(account)s::bigint IS NULL OR q.account_id = %(account)s) AND i.processing_date <= %(today)s
GROUP BY q.id, q.app_id, p.id, p.name, i.granularity, i.processing_date HAVING count(*) > 1
ORDER BY 1, 2, 3, 4
"""

# Gone from Apple's list, or answered with a 404, before the 35 days for which Apple keeps a delivery.
LOST = """
SELECT q.app_id, p.name, i.granularity, i.processing_date, '', 1, ARRAY[i.delivery_id], i.state <> 'loaded', i.evidence
FROM reports_analyticsinstance i JOIN reports_analyticsreport p ON p.id = i.report_id
JOIN reports_reportrequest q ON q.id = p.request_id AND q.access = 'ONGOING'
WHERE (%(account)s::bigint IS NULL OR q.account_id = %(account)s) AND i.missing_since <= %(now)s
  AND (i.missing_since AT TIME ZONE 'UTC')::date <= i.processing_date + %(kept)s AND i.cause = ''
  AND (q.ended_at IS NULL OR i.missing_since < q.ended_at)
ORDER BY 1, 2, 3, 4
"""

UNREADABLE = """
SELECT q.app_id, p.name, i.granularity, i.processing_date,
       CASE WHEN i.cause = '' THEN 'unexplained' ELSE i.cause END, i.attempts, ARRAY[i.delivery_id],
       i.state <> 'listed', i.evidence
FROM reports_analyticsinstance i JOIN reports_analyticsreport p ON p.id = i.report_id
JOIN reports_reportrequest q ON q.id = p.request_id AND q.access = 'ONGOING'
WHERE (%(account)s::bigint IS NULL OR q.account_id = %(account)s)
  AND ((i.state IN ('listed', 'vanished') AND i.cause <> '') OR i.state = 'refused')
ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Instance:
    """A delivery, or several of one processing date. `flag`: twins differ; what was lost was unread; it is gone."""

    app_id: int
    report: str
    granularity: str
    made_on: date
    cause: str
    count: int
    deliveries: list[int | None]
    flag: bool
    evidence: str
    span: Span

    @property
    def series(self) -> tuple[int, str, str, str]:
        return (self.app_id, self.report, self.granularity, self.cause)


Run = list[Instance]
Teller = Callable[[Run, App], Found]


def twin_instances(start: date, end: date, account: Account | None) -> list[Found]:
    """`twin_instance`: two deliveries with one processing date, by the day that they bring complete.

    Seen in Apple's forum: two of equal content, and the next day is in none.
    """
    return _found(TWINS, _twin, start, end, account)


def lost_instances(start: date, end: date, account: Account | None) -> list[Found]:
    """`instance_lost`: deliveries that Apple withdrew before their time. What was loaded of them stays."""
    return _found(LOST, _lost, start, end, account)


def unreadable_instances(start: date, end: date, account: Account | None) -> list[Found]:
    """`api_incident`: deliveries that are listed and cannot be taken or read, by cause and run of their days."""
    return _found(UNREADABLE, _unreadable, start, end, account)


def _found(statement: str, tell: Teller, start: date, end: date, account: Account | None) -> list[Found]:
    now = clock.now()
    parameters = {
        "account": account.pk if account else None,
        "now": now,
        "today": now.date(),
        "kept": sync_policy().analytics_kept_days,
    }
    instances = [Instance(*(*row, days)) for row, days in with_periods(fetch(statement, parameters))]
    apps = apps_of(one.app_id for one in instances)
    found = (run for run in _runs(instances) if touches(run, lambda one: one.span, start, end))
    return [tell(run, apps[run[0].app_id]) for run in found]


def _runs(instances: Iterable[Instance]) -> list[Run]:
    ordered = sorted(instances, key=lambda one: (one.series, one.span))
    groups = (list(group) for _, group in groupby(ordered, key=lambda one: one.series))
    return [run for group in groups for run in runs(group, lambda one: one.span)]


def _twin(run: Run, app: App) -> Found:
    dates = listed(one.made_on.isoformat() for one in run)
    same = "They differ, and the newest counts." if any(one.flag for one in run) else "They are equal; one counts."
    return _of(
        run,
        app,
        FindingKind.TWIN_INSTANCE,
        Cause.NOT_DELIVERED,
        Severity.LOW,
        f"Apple delivered {run[0].report} twice with the processing date {dates}. {same} After such a pair a day has "
        "been seen to be missing for ever.",
        "Nothing is counted twice. Look in the calendar whether the days after it came.",
    )


def _lost(run: Run, app: App) -> Found:
    unread = sum(one.flag for one in run)
    loaded = (
        "What was loaded of it stays." if not unread else f"{counted(unread, 'delivery', 'deliveries')} was unread."
    )
    step = "Nothing to do." if not unread else "Ask a person for the console's export of exactly these days."
    return _of(
        run,
        app,
        FindingKind.INSTANCE_LOST,
        Cause.NOT_DELIVERED,
        Severity.HIGH if unread else Severity.LOW,
        f"Apple withdrew {_what(run)} before the 35 days for which it keeps a delivery. {loaded}",
        step,
    )


def _unreadable(run: Run, app: App) -> Found:
    cause = Cause(run[0].cause)
    gone = "Apple has deleted it since. " if all(one.flag for one in run) else ""
    return _of(
        run,
        app,
        FindingKind.API_INCIDENT,
        cause,
        Severity.HIGH,
        f"{_what(run)} is listed and could not be read: {cause.label}. {gone}{run[-1].evidence}",
        NEXT_STEPS.get(cause, BY_ITSELF),
    )


def _what(run: Run) -> str:
    first, last = run[0].span[0], run[-1].span[1]
    noun = NOUNS[Grain(run[0].granularity)]
    return f"{run[0].report} for {span(first, last)} ({counted(len(run), noun)})"


def _of(run: Run, app: App, kind: FindingKind, cause: Cause, severity: Severity, message: str, next_step: str) -> Found:
    return Found(
        kind=kind,
        cause=cause,
        severity=severity,
        account=app.account,
        app=app,
        report=run[0].report,
        member=member_of(run[0].granularity),
        grain=Grain(run[0].granularity),
        from_day=run[0].span[0],
        to_day=run[-1].span[1],
        message=message,
        next_step=next_step,
        evidence=files_of(pk for one in run for pk in one.deliveries if pk is not None),
        details={"made_on": [one.made_on.isoformat() for one in run]},
        days=[FoundDay(period_start=one.span[0], period_end=one.span[1]) for one in run],
    )
