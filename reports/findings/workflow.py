"""What people do with a finding. Each step is a conditional UPDATE and a line in its history."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from ascrecon import clock
from reports.models import Finding, FindingEvent, FindingState
from reports.services.refusals import Refused

#: From which states each step is allowed.
ALLOWED: dict[str, tuple[FindingState, ...]] = {
    "assigned": (FindingState.OPEN, FindingState.ASSIGNED, FindingState.WAITING),
    "waiting": (FindingState.OPEN, FindingState.ASSIGNED),
    "explained": tuple(FindingState),
    "resolved": (FindingState.OPEN, FindingState.ASSIGNED, FindingState.WAITING),
    "reopened": (FindingState.RESOLVED, FindingState.CLOSED),
}


def assign(finding: Finding, *, to: User, by: User) -> None:
    """Give it to a person, who then has work to do."""
    _step(finding, "assigned", f"to {to.get_username()}", by, state=FindingState.ASSIGNED, assignee=to)


def wait(finding: Finding, *, reason: str, by: User) -> None:
    """Waiting for somebody else, such as Apple's support; the reason says for whom."""
    _step(finding, "waiting", _said(reason), by, state=FindingState.WAITING)


def explain(finding: Finding, *, text: str, by: User) -> None:
    """What was found out; the state stays."""
    _step(finding, "explained", _said(text), by, explanation=text.strip())


def resolve(finding: Finding, *, reason: str, by: User) -> None:
    """Done: it opens again by itself when its numbers change."""
    _step(finding, "resolved", _said(reason), by, state=FindingState.RESOLVED)


def reopen(finding: Finding, *, reason: str, by: User) -> None:
    _step(finding, "reopened", _said(reason), by, state=FindingState.OPEN)


def _said(reason: str) -> str:
    if not reason.strip():
        raise Refused("Say why: the reason stays in the history.")
    return reason.strip()


@transaction.atomic
def _step(finding: Finding, action: str, text: str, by: User, **changes: object) -> None:
    changed = Finding.objects.filter(pk=finding.pk, state__in=ALLOWED[action]).update(**changes)
    finding.refresh_from_db()
    if not changed:
        raise Refused(f"Not possible: the finding is {finding.get_state_display().lower()} now.")
    FindingEvent.objects.create(finding=finding, at=clock.now(), actor=by.get_username(), action=action, text=text)
