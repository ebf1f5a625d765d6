"""The life of an app's report requests: list, adopt, make, renew what Apple stopped, and tell what cannot be had.

Sources: Apple's Analytics Reports API; on Apple's forum a stopped request was seen to block its own successor until it
is deleted, and a snapshot that Apple neither lists nor makes again (a ghost).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from ascrecon import clock
from ascrecon.appstore import AppStoreError, Category, RequestRecord
from reports.models import Access, App, Cause, InstanceState, ReportRequest, RequestState
from reports.sync import problems
from reports.sync.line import Line
from reports.sync.policy import sync_policy
from reports.sync.problems import cause_of

REQUESTS = "analyticsReportRequests"
#: What a person has to mend: asked again after a week, so that nobody has to tell us.
FOR_A_PERSON = frozenset({Category.ROLE, Category.METHOD, Category.BAD_REQUEST})
USABLE = (RequestState.WAITING, RequestState.ARRIVING)
#: A stopped request still holds what Apple made before it stopped, until it is deleted.
READABLE = (*USABLE, RequestState.STOPPED)


def refresh_requests(app: App, line: Line) -> list[ReportRequest]:
    """Bring an app's requests of both access types up to date; returns those from which reports can be read.

    Costs one call, and one or two for each request that has to be made. Raises AppStoreError where the key as such, or
    the network, failed.
    """
    listed = _listed(app, line)
    for access in (Access.ONGOING, Access.SNAPSHOT):
        _settle(app, access, [record for record in listed if record.access_type == access], line)
    now = clock.now()
    alive = ReportRequest.objects.filter(app=app, ended_at=None)
    alive.update(checked_at=now)
    alive.filter(state__in=USABLE).update(next_try=next_listing(now))
    return list(alive.filter(state__in=READABLE).order_by("access"))


def next_listing(now: datetime) -> datetime:
    """When Apple is asked for new deliveries again: once a day, at an hour of UTC (policy)."""
    today = now.replace(hour=sync_policy().analytics_listing_hour, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _listed(app: App, line: Line) -> list[RequestRecord]:
    assert app.apple_id is not None  # noqa: S101  (only apps that Apple listed are asked for)
    return line.client.analytics.requests_of(app.apple_id)


def _settle(app: App, access: Access, listed: Sequence[RequestRecord], line: Line) -> None:
    known = ReportRequest.objects.filter(app=app, access=access, ended_at=None).first()
    live = next((record for record in listed if not record.stopped), None)
    if live is not None:
        _renew_snapshot(_keep(app, access, live, known), line)
    elif listed:
        _note_stopped(_keep(app, access, listed[0], known))
    else:
        _without(app, access, known, line)


def _keep(app: App, access: Access, record: RequestRecord, known: ReportRequest | None) -> ReportRequest:
    """The request that Apple lists is ours from now on, whoever made it."""
    if known is not None and known.apple_id == record.id:
        return known
    if known is not None and not known.apple_id:
        known.apple_id, known.state, known.adopted, known.evidence = record.id, RequestState.WAITING, True, ""
        known.save()
        return known
    if known is not None:
        _end(known, "Apple lists another request of this kind.")
    return _note(app, access, record.id, adopted=True)


def _note_stopped(row: ReportRequest) -> None:
    row.stopped_seen_at = row.stopped_seen_at or clock.now()
    row.state, row.evidence = RequestState.STOPPED, "Apple stopped this request because nobody read its reports."
    row.save()


def stopped_and_read(app: App) -> list[ReportRequest]:
    """Requests that Apple stopped and that hold nothing unread: what cannot be read keeps none of them alive."""
    unread = Q(reports__instances__state=InstanceState.LISTED, reports__instances__attempts=0)
    stopped = ReportRequest.objects.filter(app=app, state=RequestState.STOPPED, ended_at=None)
    return list(stopped.filter(Q(next_try=None) | Q(next_try__lte=clock.now())).exclude(unread))


def replace_stopped(row: ReportRequest, line: Line) -> None:
    """It goes, for it blocks its successor; a new one comes, and later a snapshot fills the hole.

    Raises AppStoreError where the network or Apple failed; then the next look tries again.
    """
    if _is_deleted(row, line):
        _end(row, f"{row.evidence} It was deleted, so that a new one can be made.")
        _make(row.app, Access(row.access), line)


def _renew_snapshot(row: ReportRequest, line: Line) -> None:
    """Apple makes one snapshot at a time: the old one, read long ago, goes where a new one is wanted."""
    if row.access == Access.SNAPSHOT and _snapshot_is_wanted(row.app) and _is_deleted(row, line):
        _end(row, "It was deleted, so that a newer snapshot can be made.")
        _make(row.app, Access.SNAPSHOT, line)


def _is_deleted(row: ReportRequest, line: Line) -> bool:
    try:
        line.client.analytics.delete_request(row.apple_id)
    except AppStoreError as error:
        if error.is_transient:
            raise
        _refused(row, error)
        return False
    return True


def _without(app: App, access: Access, known: ReportRequest | None, line: Line) -> None:
    """Apple lists none."""
    if known is not None and known.next_try is not None and known.next_try > clock.now() and not _is_usable(known):
        return
    began = known.asked_at if known is not None and known.first_instance_at is None else None
    if known is not None and known.apple_id:
        _end(known, "Apple does not list it any more.")
    elif known is not None:
        known.delete()
    if access is Access.ONGOING or _snapshot_is_wanted(app):
        _make(app, access, line)
    if began is not None:
        # Asking in vain again and again is one story, which began with the first time.
        ReportRequest.objects.filter(app=app, access=access, ended_at=None, apple_id="").update(asked_at=began)


def _is_usable(request: ReportRequest) -> bool:
    return request.state in USABLE


def _snapshot_is_wanted(app: App) -> bool:
    """For an app without a history, and once more for the days that a stopped request did not bring.

    One a month is all that Apple makes (its documentation), so nothing is asked for earlier; and not before the days of
    the hole are complete. One that was gone before it brought anything does not count.
    """
    now, policy = clock.now(), sync_policy()
    snapshots = ReportRequest.objects.filter(app=app, access=Access.SNAPSHOT).exclude(apple_id="")
    brought = snapshots.filter(Q(ended_at=None) | Q(first_instance_at__isnull=False))
    last = brought.order_by("-asked_at").values_list("asked_at", flat=True).first()
    if last is None:
        return True
    complete = now - timedelta(days=policy.analytics_hole_complete_after_days)
    holes = ReportRequest.objects.filter(
        app=app, access=Access.ONGOING, stopped_seen_at__lte=complete, ended_at__gt=last - (now - complete)
    )
    return holes.exists() and now >= last + timedelta(days=policy.analytics_snapshot_every_days)


def _make(app: App, access: Access, line: Line) -> None:
    assert app.apple_id is not None  # noqa: S101  (only apps that Apple listed are asked for)
    try:
        record = line.client.analytics.create_request(app.apple_id, access)
    except AppStoreError as error:
        _not_made(app, access, error, line)
        return
    _note(app, access, record.id)


def _not_made(app: App, access: Access, error: AppStoreError, line: Line) -> None:
    if error.already_exists:
        _exists_already(app, access, error, line)
    elif error.category in FOR_A_PERSON:
        _refused(_note(app, access, "", state=RequestState.REFUSED), error)
    elif error.may_have_worked:
        # Tomorrow's list shows whether it was made; asking again today might make two.
        row = _note(app, access, "", state=RequestState.REFUSED)
        row.next_try, row.evidence = next_listing(clock.now()), error.sentences
        row.cause = cause_of(error.category, str(error))
        row.save()
        _note_problem(row, error)
    else:
        raise error


def _exists_already(app: App, access: Access, error: AppStoreError, line: Line) -> None:
    """Somebody made it meanwhile; or Apple says that it exists and does not list it, which only Apple can mend."""
    live = [record for record in _listed(app, line) if record.access_type == access and not record.stopped]
    if live:
        _note(app, access, live[0].id, adopted=True)
        return
    row = _note(app, access, "", state=RequestState.GHOST)
    row.cause = Cause.GHOST_REQUEST
    row.evidence = (
        f"Apple says that this request exists ({error.sentences}), and lists none. It can neither be read nor deleted "
        "nor made again from here: ask Apple Developer Support and quote Apple's id."
    )
    row.next_try = clock.now() + _a_week()
    row.save()
    _note_problem(row, error)


def _refused(row: ReportRequest, error: AppStoreError) -> None:
    row.evidence, row.cause = error.sentences, cause_of(error.category, str(error))
    row.next_try = clock.now() + _a_week()
    row.save()
    _note_problem(row, error)


def _note_problem(row: ReportRequest, error: AppStoreError) -> None:
    problems.note_failure(row.account, error, clock.now(), report=REQUESTS)


def _a_week() -> timedelta:
    return timedelta(days=sync_policy().analytics_refused_again_after_days)


def _end(row: ReportRequest, why: str) -> None:
    row.state, row.ended_at, row.evidence, row.next_try = RequestState.ENDED, clock.now(), why, None
    row.save()


def _note(
    app: App,
    access: Access,
    apple_id: str,
    *,
    adopted: bool = False,
    state: RequestState = RequestState.WAITING,
) -> ReportRequest:
    now = clock.now()
    return ReportRequest.objects.create(
        account=app.account,
        app=app,
        access=access,
        apple_id=apple_id,
        state=state,
        asked_at=now,
        adopted=adopted,
        expected_by=now + timedelta(hours=sync_policy().analytics_first_report_hours),
    )
