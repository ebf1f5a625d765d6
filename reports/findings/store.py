"""Findings are updated in place: the same difference is the same finding, however often it is looked for.

1. A finding of the same key whose days overlap is the same finding, also when it grew or shrank.
2. New values are written and noted in its history; equal values leave no trace there.
3. A finding that is gone from the window is closed by the data; one that returns is opened again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat

from reports.findings.found import Found, Key, key_of
from reports.locks import advisory_lock
from reports.models import Account, App, Finding, FindingDay, FindingEvent, FindingState, Run
from reports.sql import fetch

ACTOR = "ascrecon"

#: What makes a finding "changed". The wording is left out: a better sentence is not news.
WATCHED = (
    "cause",
    "severity",
    "from_day",
    "to_day",
    "api_value",
    "console_value",
    "difference",
    "explained",
    "money_at_risk",
)
WRITTEN = (
    *WATCHED,
    "public_id",
    "grain",
    "residual",
    "message",
    "next_step",
    "evidence",
    "details",
    "last_seen",
    "state",
    "rule",
    "run",
)


@dataclass
class Outcome:
    new: list[Finding] = field(default_factory=list)
    changed: list[Finding] = field(default_factory=list)
    reopened: list[Finding] = field(default_factory=list)
    closed: list[Finding] = field(default_factory=list)
    unchanged: list[Finding] = field(default_factory=list)

    @property
    def current(self) -> list[Finding]:
        """Every finding that was found this time."""
        return [*self.new, *self.changed, *self.reopened, *self.unchanged]


#: What is noted of a finding that was found again just as it was.
SEEN = ("last_seen", "run")


@dataclass
class _Batch:
    at: datetime
    run: Run | None
    outcome: Outcome = field(default_factory=Outcome)
    as_it_was: set[int] = field(default_factory=set)
    events: list[FindingEvent] = field(default_factory=list)
    days: list[tuple[Finding, Found]] = field(default_factory=list)

    def note(self, finding: Finding, action: str, text: str = "") -> None:
        self.events.append(FindingEvent(finding=finding, at=self.at, actor=ACTOR, action=action, text=text))


@transaction.atomic
def report_findings(
    found: Iterable[Found],
    *,
    detector: str,
    account: Account | None,
    window: tuple[date, date] | None,
    at: datetime,
    app: App | None = None,
    run: Run | None = None,
    reaching_in: Sequence[int] = (),
    only: Q | None = None,
) -> Outcome:
    """Store what `detector` found, and close what it no longer finds between the two days of `window` (None: ever).

    With `account` or `app` only theirs are closed: say what was looked at. `reaching_in` are the numbers of findings
    that touch the window and go on beside it; `found` tells of all their days. `only` are the findings that the look
    was about, where it was not about all; `found` are among them.

    Takes the lock of the detector, so that two runs at once do not open a finding twice. A handful of statements, and
    one more for every 500 findings.
    """
    lock_findings(detector)
    batch = _Batch(at, run)
    known = _known(detector, account, app, window, reaching_in, only)
    for item in sorted(found, key=lambda f: (f.from_day, f.public_id)):
        _place(item, known, detector, batch)
    _close_rest(known, batch)
    _write(batch)
    return batch.outcome


def lock_findings(detector: str) -> None:
    """One look of a detector at a time. Taken before it looks, so that an older look never undoes a newer one."""
    advisory_lock("findings", detector)


# PostgreSQL joins ranges of days that touch.
SPANS = """
SELECT min(lower(span)), max(upper(span)) - 1 FROM (
    SELECT unnest(range_agg(daterange(from_day, to_day, '[]'))) AS span FROM reports_finding
    WHERE detector = %(detector)s AND (%(account)s::bigint IS NULL OR account_id = %(account)s)) spans
WHERE span && daterange(%(first)s, %(last)s, '[]')
"""


def widened(detector: str, window: tuple[date, date], account: Account | None) -> tuple[date, date]:
    """The window with every finding of `detector` that overlaps or touches it in whole: runs of days stay whole."""
    start, end = window
    beside = {"first": day_beside(start, -1), "last": day_beside(end, 1)}
    ((first, last),) = fetch(SPANS, beside | {"detector": detector, "account": account.pk if account else None})
    return min(start, first or start), max(end, last or end)


def beside(start: date, end: date) -> Q:
    """Findings that overlap these days or touch them, as a lookup."""
    return Q(from_day__lte=day_beside(end, 1), to_day__gte=day_beside(start, -1))


def day_beside(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day


def _known(
    detector: str,
    account: Account | None,
    app: App | None,
    window: tuple[date, date] | None,
    reaching_in: Sequence[int],
    only: Q | None,
) -> dict[Key, list[Finding]]:
    findings = Finding.objects.filter(detector=detector)
    if account is not None:
        findings = findings.filter(account=account)
    if app is not None:
        findings = findings.filter(app=app)
    if window is not None:
        inside = Q(from_day__lte=window[1], to_day__gte=window[0])
        findings = findings.filter(inside | Q(pk__in=reaching_in))
    if only is not None:
        findings = findings.filter(only)
    by_key: dict[Key, list[Finding]] = defaultdict(list)
    for finding in findings.select_for_update().order_by("from_day", "pk"):
        by_key[key_of(finding)].append(finding)
    return by_key


def _place(item: Found, known: dict[Key, list[Finding]], detector: str, batch: _Batch) -> None:
    same = [f for f in known[item.key] if f.from_day <= item.to_day and f.to_day >= item.from_day]
    if not same:
        _open(item, detector, batch)
        return
    # An unfinished one first: people work on it, a closed one of the same days is history.
    finding = min(same, key=lambda f: (not f.unfinished, f.from_day != item.from_day, f.from_day))
    known[item.key].remove(finding)
    _update(finding, item, batch)


def as_seen(found: Iterable[Found], *, detector: str, at: datetime) -> Outcome:
    """The findings of a look at a past day: shown, and not stored."""
    batch = _Batch(at, run=None)
    return Outcome(unchanged=[_new(item, detector, batch) for item in found])


def _open(item: Found, detector: str, batch: _Batch) -> None:
    finding = _new(item, detector, batch)
    batch.outcome.new.append(finding)
    batch.days.append((finding, item))
    batch.note(finding, "opened", item.message)


def _new(item: Found, detector: str, batch: _Batch) -> Finding:
    finding = Finding(
        detector=detector,
        kind=item.kind,
        account=item.account,
        vendor=item.vendor,
        app=item.app,
        report=item.report,
        metric=item.metric,
        cut=item.cut,
        member=item.member,
        currency=item.currency,
        first_seen=batch.at,
    )
    _copy(finding, item, batch)
    return finding


def _copy(finding: Finding, item: Found, batch: _Batch) -> None:
    for name in WRITTEN:
        if name not in ("state", *SEEN):
            setattr(finding, name, getattr(item, name))
    finding.last_seen = batch.at
    finding.run = batch.run


def _update(finding: Finding, item: Found, batch: _Batch) -> None:
    changes = _changes(finding, item)
    if _tells_the_same(finding, item):
        batch.as_it_was.add(finding.pk)
    _copy(finding, item, batch)
    if finding.state == FindingState.CLOSED or (changes and finding.state == FindingState.RESOLVED):
        finding.state = FindingState.OPEN
        batch.outcome.reopened.append(finding)
        batch.note(finding, "reopened", changes or "The difference is back.")
    elif changes:
        batch.outcome.changed.append(finding)
        batch.note(finding, "changed", changes)
    else:
        batch.outcome.unchanged.append(finding)
    batch.days.append((finding, item))


def _tells_the_same(finding: Finding, item: Found) -> bool:
    """Whether writing the finding would change nothing but when it was seen, and by which run."""
    rule = item.rule.pk if item.rule else None
    names = [name for name in WRITTEN if name not in (*SEEN, "state", "rule")]
    return finding.rule_id == rule and all(getattr(finding, name) == getattr(item, name) for name in names)


def _changes(finding: Finding, item: Found) -> str:
    pairs = ((name, getattr(finding, name), getattr(item, name)) for name in WATCHED)
    return "; ".join(
        f"{name.replace('_', ' ')}: {_shown(old)} → {_shown(new)}" for name, old, new in pairs if old != new
    )


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{amount} {currency}" for currency, amount in sorted(value.items())) or "none"
    return "none" if value is None else str(value)


def _close_rest(known: dict[Key, list[Finding]], batch: _Batch) -> None:
    for finding in (f for rest in known.values() for f in rest):
        if finding.state == FindingState.CLOSED:
            continue
        finding.state = FindingState.CLOSED
        finding.last_seen = batch.at
        batch.outcome.closed.append(finding)
        batch.note(finding, "closed", "The data no longer shows it.")


def _write(batch: _Batch) -> None:
    outcome = batch.outcome
    told = [*outcome.changed, *outcome.unchanged]
    written = [*(f for f in told if f.pk not in batch.as_it_was), *outcome.reopened]
    _free_ids([*written, *outcome.new])
    Finding.objects.bulk_update([*written, *outcome.closed], WRITTEN, batch_size=500)
    Finding.objects.filter(pk__in=batch.as_it_was).update(last_seen=batch.at, run=batch.run)
    Finding.objects.bulk_create(outcome.new, batch_size=500)
    FindingDay.objects.filter(finding__in=[finding for finding, _ in batch.days]).delete()
    FindingDay.objects.bulk_create(
        (FindingDay(finding=finding, **vars(day)) for finding, item in batch.days for day in item.days), batch_size=1000
    )
    FindingEvent.objects.bulk_create(batch.events, batch_size=1000)


def _free_ids(findings: list[Finding]) -> None:
    """A finding whose first day moved takes another id: whoever holds that id gives it up first."""
    wanted = [finding.public_id for finding in findings]
    parked = Concat(Value("~"), Cast("pk", CharField()), output_field=CharField())
    Finding.objects.filter(public_id__in=wanted).update(public_id=parked)
