"""Reads what Apple has of an app's analytics: the reports of its requests, their new instances, the files of those."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet

from ascrecon import clock
from ascrecon.appstore import AppStoreError, Category, InstanceRecord, Segment
from reports.files.errors import BadFile
from reports.models import (
    Account,
    AnalyticsInstance,
    AnalyticsReport,
    App,
    InstanceState,
    ReportRequest,
    RequestState,
)
from reports.services.analytics_files import GRAINS, KeptSegment, load_instance
from reports.services.raw_files import keep
from reports.sync import problems
from reports.sync.analytics_requests import (
    READABLE,
    REQUESTS,
    next_listing,
    refresh_requests,
    replace_stopped,
    stopped_and_read,
)
from reports.sync.fetch import REFUSED_AS_A_WHOLE, Progress, Tally, is_used_up, no_progress
from reports.sync.line import Line
from reports.sync.policy import sync_policy
from reports.sync.problems import cause_of

Step = Callable[[], object]


class Stop(Exception):  # noqa: N818  (not an error: asking on is of no use now)
    """What failed would fail for the rest as well, or this job has had its share of calls."""


@dataclass
class AnalyticsFetcher:
    """Brings one app up to date. Every answer is written down before the next call, so it may end at any point.

    `calls`: how many calls it may make before it leaves the rest to a later job; None: as many as it takes.
    """

    app: App
    line: Line
    calls: int | None = None
    progress: Progress = no_progress
    tally: Tally = field(default_factory=Tally)
    unfinished: bool = False

    def fetch(self) -> Tally:
        """Ask for whatever is due of the app."""
        self._last_call = None if self.calls is None else self.line.calls + self.calls
        try:
            self._fetch()
        except Stop:
            self.unfinished = True
        return self.tally

    def _fetch(self) -> None:
        if not _is_asked_today(self.app):
            self._guarded(REQUESTS, partial(refresh_requests, self.app, self.line))
        for request in _usable(self.app):
            self._guarded(REQUESTS, partial(self._list_reports, request))
        for report in _due_reports(self.app):
            self._guarded(report.name, partial(self._list_instances, report))
        due = list(_due_instances(self.app))
        for n, instance in enumerate(due):
            self.progress(n, len(due), f"{instance.report.name}, {instance}")
            self._guarded(instance.report.name, partial(self._load, instance), instance)
        for request in stopped_and_read(self.app):
            self._guarded(REQUESTS, partial(replace_stopped, request, self.line))

    def _guarded(self, report: str, step: Step, instance: AnalyticsInstance | None = None) -> None:
        """One step; a failure is written down, and ends the round where the next step would fail as well."""
        if self._last_call is not None and self.line.calls >= self._last_call:
            raise Stop
        client, before = self.line.client, len(self.line.client.incidents)
        self.tally.asked += 1
        try:
            step()
            self.line.worked()
        except AppStoreError as error:
            self._fail(report, error, instance)
        finally:
            recovered = client.incidents[before:]
            problems.note_recoveries(self.app.account, recovered, report=report)

    def _fail(self, report: str, error: AppStoreError, instance: AnalyticsInstance | None) -> None:
        self.tally.failures.append(error)
        in_a_row = self.line.failed(error)
        now = clock.now()
        problems.note_failure(self.app.account, error, now, report=report)
        if instance is not None:
            _put_off(instance, error, now)
        hopeless = error.category in REFUSED_AS_A_WHOLE or in_a_row >= sync_policy().failures_until_stop
        if is_used_up(error) or hopeless:
            raise Stop

    def _list_reports(self, request: ReportRequest) -> None:
        """Their ids never change: listed once, and again weekly, since new reports come without notice."""
        now = clock.now()
        if request.reports_listed_at and now < request.reports_listed_at + timedelta(days=7):
            return
        for record in self.line.client.analytics.reports(request.apple_id):
            AnalyticsReport.objects.update_or_create(
                request=request, apple_id=record.id, defaults={"name": record.name, "category": record.category}
            )
        request.reports_listed_at = now if request.reports.exists() else None
        request.save(update_fields=["reports_listed_at"])

    def _list_instances(self, report: AnalyticsReport) -> None:
        """One call for all granularities. What is listed no longer before it was read is lost."""
        now = clock.now()
        listed = self.line.client.analytics.instances(report.apple_id)
        _note_instances(report, listed, now)
        report.listed_at, report.next_try = now, next_listing(now)
        report.save(update_fields=["listed_at", "next_try"])
        if listed:
            request = ReportRequest.objects.filter(pk=report.request_id)
            request.filter(first_instance_at=None).update(first_instance_at=now)
            request.filter(state=RequestState.WAITING).update(state=RequestState.ARRIVING)

    def _load(self, instance: AnalyticsInstance) -> None:
        api = self.line.client.analytics
        try:
            segments = api.segments(instance.apple_id)
        except AppStoreError as error:
            if not error.is_unknown_id and error.category is not Category.GONE:
                raise
            _vanished(instance, clock.now())
            return
        if not segments:
            _settle(instance, InstanceState.LOADED, "Apple lists no file for it.")
            return
        self._read(instance, [self._kept(instance, n, segment) for n, segment in enumerate(segments, start=1)])

    def _kept(self, instance: AnalyticsInstance, n: int, segment: Segment) -> KeptSegment:
        """The bytes of a segment, verified, kept before anything reads them."""
        download = self.line.client.analytics.download(segment)
        raw = keep(download.path)
        download.discard()
        name = f"{instance.report.name} {instance.granularity} {instance.processing_date} {n}.txt.gz"
        return KeptSegment(raw, name)

    def _read(self, instance: AnalyticsInstance, segments: Sequence[KeptSegment]) -> None:
        try:
            load_instance(instance, segments, clock.now())
            self.tally.deliveries += 1
        except BadFile as error:
            self.tally.unreadable.append(error)
            problem = AppStoreError(category=Category.UNEXPECTED_BODY, message=str(error), path=error.file)
            problems.note_failure(self.app.account, problem, clock.now(), report=instance.report.name)
            _settle(instance, InstanceState.REFUSED, str(error))


def apps_due(account: Account) -> list[App]:
    """The apps that Apple lists and of which anything is to be asked now; none where the account leaves them out."""
    if not account.pull_analytics:
        return []
    apps = account.apps.filter(apple_id__isnull=False, provisional=False, merged_into=None).order_by("pk")
    return [app for app in apps.select_related("account") if _is_due(app)]


def _is_due(app: App) -> bool:
    waits = _due_reports(app).exists() or _due_instances(app).exists()
    return waits or not _is_asked_today(app) or bool(stopped_and_read(app))


def _is_asked_today(app: App) -> bool:
    """Whether its requests were looked at, and none of them is due for another look."""
    alive = ReportRequest.objects.filter(app=app, ended_at=None)
    return (
        alive.filter(access="ONGOING").exists()
        and not alive.filter(Q(next_try=None) | Q(next_try__lte=clock.now())).exists()
    )


def _usable(app: App) -> QuerySet[ReportRequest]:
    return ReportRequest.objects.filter(app=app, ended_at=None, state__in=READABLE).order_by("access")


def _due_reports(app: App) -> QuerySet[AnalyticsReport]:
    due = Q(next_try=None) | Q(next_try__lte=clock.now())
    return AnalyticsReport.objects.filter(due, request__in=_usable(app)).order_by("request__access", "name")


def _due_instances(app: App) -> QuerySet[AnalyticsInstance]:
    """The oldest first: Apple deletes them after 35 days."""
    due = Q(next_try=None) | Q(next_try__lte=clock.now())
    instances = AnalyticsInstance.objects.filter(due, state=InstanceState.LISTED, report__request__app=app)
    return instances.select_related("report__request__account", "report__request__app").order_by(
        "processing_date", "pk"
    )


def _note_instances(report: AnalyticsReport, listed: Iterable[InstanceRecord], now: datetime) -> None:
    listed = list(listed)
    AnalyticsInstance.objects.bulk_create((_instance(report, record, now) for record in listed), ignore_conflicts=True)
    here = {record.id for record in listed}
    known = report.instances.filter(missing_since=None)
    gone = [one for one in known if one.apple_id not in here]
    AnalyticsInstance.objects.filter(pk__in=[one.pk for one in gone]).update(missing_since=now)
    for one in gone:
        if one.state == InstanceState.LISTED:
            _vanished(one, now)


def _instance(report: AnalyticsReport, record: InstanceRecord, now: datetime) -> AnalyticsInstance:
    known = record.granularity in GRAINS
    return AnalyticsInstance(
        report=report,
        apple_id=record.id,
        granularity=record.granularity[:20],
        processing_date=record.processing_date,
        state=InstanceState.LISTED if known else InstanceState.REFUSED,
        seen_at=now,
        evidence="" if known else f"A granularity that is not known here: {record.granularity}.",
    )


def _vanished(instance: AnalyticsInstance, now: datetime) -> None:
    instance.missing_since = instance.missing_since or now
    words = "Apple listed it, and deleted it before it was read."
    _settle(instance, InstanceState.VANISHED, f"{words} {instance.evidence}".strip())


def _put_off(instance: AnalyticsInstance, error: AppStoreError, now: datetime) -> None:
    instance.attempts += 1
    instance.evidence, instance.cause = error.sentences, cause_of(error.category, str(error))
    instance.next_try = now + max(sync_policy().pause, timedelta(seconds=error.retry_after or 0))
    instance.save(update_fields=["attempts", "evidence", "cause", "next_try"])


def _settle(instance: AnalyticsInstance, state: InstanceState, evidence: str) -> None:
    instance.state, instance.evidence, instance.next_try = state, evidence, None
    instance.save(update_fields=["state", "evidence", "next_try", "missing_since"])
