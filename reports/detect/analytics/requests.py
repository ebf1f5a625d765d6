"""Report requests that bring nothing: stopped by Apple, refused to our key, or a ghost that Apple does not list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from ascrecon import clock
from reports.detect.analytics.spells import Spell, stopped_spells
from reports.detect.incidents import BY_ITSELF, NEXT_STEPS
from reports.findings.found import Found, FoundDay
from reports.models import Account, App, Cause, CellState, CoverageCell, FindingKind, ReportRequest, Severity
from reports.wording import listed, span


def stopped_requests(start: date, end: date, account: Account | None) -> list[Found]:
    """`request_stopped`: one finding per spell in which Apple made nothing, dated by the days of the deliveries."""
    spells = [s for s in stopped_spells(account, clock.now()) if s.first <= end and s.last >= start]
    apps = App.objects.select_related("account").in_bulk({spell.app_id for spell in spells})
    return [_stopped(spell, apps[spell.app_id]) for spell in spells]


def _stopped(spell: Spell, app: App) -> Found:
    unknown = _unknown_days(spell)
    return Found(
        kind=FindingKind.REQUEST_STOPPED,
        cause=Cause.NOT_DELIVERED,
        severity=Severity.HIGH if unknown or not spell.is_over else Severity.LOW,
        account=app.account,
        app=app,
        from_day=spell.first,
        to_day=spell.last,
        message=f"Apple stopped the analytics reports of {app}, since nobody had read them: no delivery was made for "
        f"{span(spell.first, spell.last)}. {_state(spell)} {_hole(unknown)}",
        next_step=_next_step(spell, unknown),
        details={"cells_unknown": unknown},
        days=[FoundDay(period_start=spell.first, period_end=spell.last)],
    )


def _unknown_days(spell: Spell) -> int:
    """Cells of reports that were to be delivered in the spell and are still not known."""
    cells = CoverageCell.objects.filter(app_id=spell.app_id, state__in=(CellState.OVERDUE, CellState.LOST))
    due = (spell.first + timedelta(days=1), spell.last + timedelta(days=1))
    return cells.filter(due__date__range=due).count()


def _state(spell: Spell) -> str:
    if spell.is_over:
        return "A new request was made and delivers again."
    if spell.is_renewed:
        return "The stopped request was deleted and a new one made; its first delivery comes after one to two days."
    return "The stopped request blocks a new one until it is deleted."


def _hole(unknown: int) -> str:
    return f"{unknown:,} report days of it are unknown." if unknown else "All its days are known by now."


def _next_step(spell: Spell, unknown: int) -> str:
    if not spell.is_over:
        return "Nothing to do while a sync runs every day: it renews the request. The calendar shows what is missing."
    if unknown:
        return "A snapshot is asked for as soon as Apple allows one. For figures now, ask for the console's export."
    return "Nothing to do."


def refused_requests(start: date, end: date, account: Account | None) -> list[Found]:
    """`api_incident`: one finding per app and cause, on the day on which it was first asked for in vain."""
    rows = ReportRequest.objects.filter(ended_at=None, apple_id="").exclude(cause="").select_related("account", "app")
    if account is not None:
        rows = rows.filter(account=account)
    stories = groupby(rows.order_by("app_id", "cause", "asked_at"), key=lambda row: (row.app_id, row.cause))
    found = (_refused(list(story)) for _, story in stories)
    return [one for one in found if start <= one.from_day <= end]


def _refused(rows: Sequence[ReportRequest]) -> Found:
    """Requests of one app that fail for one reason; the first was asked for first."""
    first, cause = rows[0], Cause(rows[0].cause)
    day = first.asked_at.date()
    kinds = listed(row.get_access_display().lower() for row in rows)
    return Found(
        kind=FindingKind.API_INCIDENT,
        cause=cause,
        severity=Severity.HIGH,
        account=first.account,
        app=first.app,
        from_day=day,
        to_day=day,
        message=f"Analytics reports of {first.app} ({kinds}) cannot be asked for: {cause.label}. {first.evidence}",
        next_step=NEXT_STEPS.get(cause, BY_ITSELF),
        details={"requests": [row.pk for row in rows]},
        days=[FoundDay(period_start=day, period_end=day)],
    )
