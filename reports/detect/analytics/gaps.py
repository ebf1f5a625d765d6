"""Days, weeks and months that an ongoing request did not bring: late, missing in between, stopped, never, or empty.

What counts as late, stopped or usual: data/sync_policy.json.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from ascrecon import clock
from reports.detect.analytics.build import Run, apps_of, how_many, of_run, runs_of, what
from reports.detect.analytics.due import Due, due_and_not_here
from reports.detect.analytics.spells import stopped_spells
from reports.detect.spans import touches
from reports.findings.found import Found
from reports.models import Account, App, FindingKind, Severity
from reports.sync.policy import sync_policy
from reports.wording import counted

ASK_FOR_EXPORT = "Ask a person for the console's export of exactly these days: the coverage calendar prepares it."
SNAPSHOT_MAY = "A snapshot of the app, which Apple makes once a month, may hold them."


def missing_deliveries(start: date, end: date, account: Account | None) -> list[Found]:
    """`delivery_gap`, `daily_generation_stopped`, `never_delivered`, `empty_report` and `late_delivery` of analytics.

    One finding per app, report, granularity and run of consecutive periods. What a snapshot has complete is no gap;
    that daily generation stopped, or that a report never came, stays true beside it.
    """
    now = clock.now()
    stops = [(spell.app_id, spell.first, spell.last) for spell in stopped_spells(account, now)]
    due = [item for item in due_and_not_here(account, now, stops) if item.instance != "unread"]
    apps = apps_of(item.app_id for item in due)
    found = (tell(run, apps) for tell, run in _told(due, now.date()) if touches(run, lambda d: d.span, start, end))
    return list(found)


Teller = Callable[[Run, dict[int, App]], Found]


def _told(due: Sequence[Due], today: date) -> Iterator[tuple[Teller, Run]]:
    """Each run with the sort of finding that it is."""
    never = [item for item in due if item.instances == 0]
    yield from ((_never, run) for run in runs_of(_of_never(never)))
    came = [item for item in due if item.instances > 0]
    yield from ((_empty, run) for run in runs_of(item for item in came if item.instance == "empty"))
    late = [item for item in came if item.was_late]
    for run in runs_of(item for item in came if item.instance != "empty" and not item.was_late):
        if _is_stop(run):
            yield _stopped, run
            continue
        for hole in runs_of(item for item in run if not item.is_known):
            if (today - hole[0].made_on).days > sync_policy().analytics_late_days:
                yield _gap, hole
            else:
                late += hole
    yield from ((_late, run) for run in runs_of(late))


def _of_never(never: Sequence[Due]) -> list[Due]:
    """The days of reports that never came, once so many are due that it is no mere delay; their weeks add nothing."""
    days = [item for item in never if item.is_daily]
    enough = sync_policy().analytics_stopped_days
    return [item for run in runs_of(days) if len(run) >= enough for item in run]


def _is_stop(run: Run) -> bool:
    missing = all(item.instance == "missing" for item in run)
    return run[0].is_daily and run[-1].is_last and missing and len(run) >= sync_policy().analytics_stopped_days


def _gap(run: Run, apps: dict[int, App]) -> Found:
    message = f"Apple never delivered {what(run)} ({how_many(run)}). {run[0].evidence} What is younger did come."
    step = f"Do not read these days as zero. {SNAPSHOT_MAY} {ASK_FOR_EXPORT}"
    return of_run(run, apps, FindingKind.DELIVERY_GAP, Severity.HIGH, message, step)


def _stopped(run: Run, apps: dict[int, App]) -> Found:
    message = (
        f"The daily reports of {run[0].report} stopped: the last {how_many(run)} that were due did not come, from "
        f"{run[0].first} on. {_filled(run)}The request itself is not stopped, and longer reports may still come."
    )
    step = f"Write to Apple Developer Support and name the app, the report and the first day. {ASK_FOR_EXPORT}"
    return of_run(run, apps, FindingKind.DAILY_GENERATION_STOPPED, Severity.HIGH, message, step)


def _never(run: Run, apps: dict[int, App]) -> Found:
    message = (
        f"{run[0].report} never came, while other reports of the app do: {how_many(run)} were due from "
        f"{run[0].first} on. {_filled(run)}What came instead shows that there is something to tell."
    )
    step = f"Write to Apple Developer Support: this report is made for other apps. {ASK_FOR_EXPORT}"
    return of_run(run, apps, FindingKind.NEVER_DELIVERED, Severity.HIGH, message, step)


def _filled(run: Run) -> str:
    filled = sum(item.is_known for item in run)
    return f"A snapshot has {counted(filled, 'day')} of them. " if filled else ""


def _empty(run: Run, apps: dict[int, App]) -> Found:
    known = all(item.is_known for item in run)
    evidence = "A snapshot has these days." if known else run[0].evidence
    message = f"Apple delivered {what(run)} with a heading and no row ({how_many(run)}). {evidence}"
    step = f"Do not read these days as zero. {SNAPSHOT_MAY} {ASK_FOR_EXPORT}"
    severity = Severity.LOW if known else Severity.HIGH
    return of_run(run, apps, FindingKind.EMPTY_REPORT, severity, message, step)


def _late(run: Run, apps: dict[int, App]) -> Found:
    missing = [item for item in run if not item.is_known]
    if missing:
        message = f"{what(missing)} was due in the delivery of {missing[0].made_on} and is not here yet."
        step = "Do not rely on these days yet. They are asked for every day; after three days this is called a gap."
        return of_run(run, apps, FindingKind.LATE_DELIVERY, Severity.LOW, message, step)
    message = f"{what(run)} came {_lateness(run)} late. It is here now."
    step = "Nothing to do. Figures that were taken while it was missing are too low: run them again."
    return of_run(run, apps, FindingKind.LATE_DELIVERY, Severity.INFO, message, step)


def _lateness(run: Run) -> str:
    longest = max((_delivered(item) - item.due for item in run), default=timedelta())
    return counted(max(1, longest.days), "day")


def _delivered(item: Due) -> datetime:
    return item.delivered_at or item.due
