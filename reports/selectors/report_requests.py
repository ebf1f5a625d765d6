"""The analytics report requests of an app: what became of each, its clock, its reports and their newest deliveries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Q

from ascrecon.jobs.models import Job
from reports.jobs import ANALYTICS, APPS, FETCH
from reports.models import (
    Access,
    Account,
    AnalyticsInstance,
    AnalyticsReport,
    App,
    InstanceState,
    ReportRequest,
    RequestState,
)
from reports.templatetags.finance import moment
from reports.wording import lasting

LAST_SYNC = timedelta(days=1)
#: Instances with a trouble that the page names one by one.
MOST_TROUBLES = 50
TROUBLES = (InstanceState.HELD, InstanceState.REFUSED, InstanceState.VANISHED)


@dataclass
class ReportLine:
    """One report of a request. `newest`: by granularity, the day on which Apple made the newest instance."""

    report: AnalyticsReport
    newest: dict[str, date] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> list[tuple[str, int]]:
        return [(state.value, self.states[state]) for state in InstanceState if self.states[state]]


@dataclass(frozen=True)
class RequestStatus:
    """`clock`: sentences, in the order of what happened."""

    access: Access
    request: ReportRequest | None
    clock: list[str]
    is_late: bool
    reports: list[ReportLine]

    @property
    def without_instance(self) -> int:
        return sum(not line.newest for line in self.reports)


@dataclass(frozen=True)
class Calls:
    """Calls of the jobs of the last day on which an account was pulled. `remaining`: what Apple had left, and when."""

    made: int
    jobs: int
    last_at: datetime | None
    remaining: int | None
    remaining_at: datetime | None


@dataclass(frozen=True)
class RequestPage:
    statuses: list[RequestStatus]
    ended: list[ReportRequest]
    troubles: list[AnalyticsInstance]
    calls: Calls


def request_page(app: App, now: datetime) -> RequestPage:
    """Both access types of an app at an aware moment. Half a dozen statements."""
    requests = list(ReportRequest.objects.filter(app=app).select_related("account", "app"))
    alive = {request.access: request for request in requests if request.ended_at is None}
    lines = _lines([request.pk for request in alive.values()])
    return RequestPage(
        statuses=[_status(access, alive.get(access), lines, now) for access in Access],
        ended=sorted((r for r in requests if r.ended_at), key=lambda r: r.asked_at, reverse=True),
        troubles=_troubles(app),
        calls=calls_of(app.account),
    )


def calls_of(account: Account) -> Calls:
    """From the results of the account's finished jobs; a pull by `sync --now` prints its own and leaves none here."""
    jobs = Job.objects.filter(account_id=account.pk, kind__in=(FETCH, APPS, ANALYTICS), finished__isnull=False)
    last = jobs.order_by("-finished").values_list("finished", flat=True).first()
    if last is None:
        return Calls(0, 0, None, None, None)
    recent = list(jobs.filter(finished__gt=last - LAST_SYNC).order_by("-finished").values_list("finished", "result"))
    results = [(at, result or {}) for at, result in recent]
    told = [(at, result["rate_remaining"]) for at, result in results if result.get("rate_remaining") is not None]
    return Calls(
        made=sum(int(result.get("calls") or 0) for _, result in results),
        jobs=len(recent),
        last_at=last,
        remaining=told[0][1] if told else None,
        remaining_at=told[0][0] if told else None,
    )


def clock_of(request: ReportRequest, now: datetime) -> list[str]:
    """What its clock says in words: asked, expected, how late or how quick."""
    sentences = [_asked(request)]
    if request.first_instance_at:
        sentences.append(_first_report(request))
    elif request.state == RequestState.WAITING:
        sentences.append(_expected(request, now))
    if request.stopped_seen_at:
        sentences.append(f"First seen stopped {moment(request.stopped_seen_at)}.")
    if request.ended_at:
        sentences.append(f"Ended {moment(request.ended_at)}.")
    elif request.next_try:
        sentences.append(f"Looked at again {moment(request.next_try)}.")
    return sentences


def is_late(request: ReportRequest, now: datetime) -> bool:
    return request.state == RequestState.WAITING and not request.first_instance_at and now > request.expected_by


def _asked(request: ReportRequest) -> str:
    if request.adopted:
        return f"It existed before, so when it was made is not known; first seen {moment(request.asked_at)}."
    return f"Asked {moment(request.asked_at)}."


def _first_report(request: ReportRequest) -> str:
    assert request.first_instance_at
    if request.adopted:
        return f"Reports seen since {moment(request.first_instance_at)}."
    after = lasting(request.first_instance_at - request.asked_at)
    return f"The first report came after {after}, {moment(request.first_instance_at)}."


def _expected(request: ReportRequest, now: datetime) -> str:
    expected = f"The first report is expected by {moment(request.expected_by)}"
    if now > request.expected_by:
        return f"{expected}: {lasting(now - request.expected_by)} overdue."
    return f"{expected}, in {lasting(request.expected_by - now)}."


def _status(
    access: Access, request: ReportRequest | None, lines: dict[int, list[ReportLine]], now: datetime
) -> RequestStatus:
    if request is None:
        return RequestStatus(access, None, [], False, [])
    return RequestStatus(access, request, clock_of(request, now), is_late(request, now), lines.get(request.pk, []))


def _lines(requests: Sequence[int]) -> dict[int, list[ReportLine]]:
    """The reports of the requests, with what there is of their instances. Two statements."""
    lines = {r.pk: ReportLine(r) for r in AnalyticsReport.objects.filter(request__in=requests).order_by("name")}
    found = AnalyticsInstance.objects.filter(report__request__in=requests).order_by()
    for key, granularity, state, count, newest in found.values_list("report", "granularity", "state").annotate(
        n=Count("pk"), newest=Max("processing_date")
    ):
        line = lines[key]
        line.states[state] += count
        line.newest[granularity] = max(newest, line.newest.get(granularity, newest))
    by_request: dict[int, list[ReportLine]] = defaultdict(list)
    for line in lines.values():
        by_request[line.report.request_id].append(line)
    return by_request


def _troubles(app: App) -> list[AnalyticsInstance]:
    """The newest instances that could not be read whole, or whose reading fails so far."""
    found = AnalyticsInstance.objects.filter(
        Q(state__in=TROUBLES) | Q(state=InstanceState.LISTED) & ~Q(cause=""), report__request__app=app
    )
    return list(found.select_related("report__request", "delivery").order_by("-processing_date", "pk")[:MOST_TROUBLES])
