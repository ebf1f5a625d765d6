"""What went wrong with a call to Apple, as a row that stays: failures, and calls that worked only when repeated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ascrecon.appstore import AppStoreError, Category, Incident
from reports.models import Account, ApiProblem, Cause, CoverageCell

CAUSES: Mapping[Category, Cause] = {
    Category.CREDENTIALS: Cause.CREDENTIALS,
    Category.INDIVIDUAL_KEY: Cause.CREDENTIALS,
    Category.ROLE: Cause.ROLE,
    Category.AGREEMENT: Cause.AGREEMENT,
    Category.METHOD: Cause.METHOD_NOT_ALLOWED,
    Category.RATE_LIMIT: Cause.RATE_LIMIT,
    Category.SERVER: Cause.SERVER_ERROR,
    Category.TRUNCATED: Cause.TRUNCATED_DOWNLOAD,
    Category.CHECKSUM: Cause.CHECKSUM_MISMATCH,
    Category.GONE: Cause.SEGMENT_EXPIRED,
    Category.VENDOR: Cause.BAD_REQUEST,
    Category.NOT_FOUND: Cause.BAD_REQUEST,
    Category.CONFLICT: Cause.BAD_REQUEST,
    Category.VERSION: Cause.BAD_REQUEST,
    Category.BAD_REQUEST: Cause.BAD_REQUEST,
}
#: Sentences of the client for an answer that took too long; its other network failures are lost connections.
TOO_SLOW = ("did not come in time", "No connection within")


def cause_of(category: Category, message: str) -> Cause:
    if category is Category.NETWORK:
        slow = any(words in message for words in TOO_SLOW)
        return Cause.TIMEOUT if slow else Cause.CONNECTION_DROPPED
    return CAUSES.get(category, Cause.UNEXPLAINED)


def note_failure(
    account: Account, error: AppStoreError, at: datetime, *, report: str, cell: CoverageCell | None = None
) -> ApiProblem:
    """Write down a call that failed for good."""
    return ApiProblem.objects.create(
        account=account,
        cell=cell,
        at=at,
        report=report,
        path=error.path[:300],
        cause=cause_of(error.category, str(error)),
        status=error.status,
        code=error.code[:120],
        title=error.title,
        detail=error.detail or error.message,
        pointer=(error.pointer or error.parameter)[:200],
        request_id=error.apple_id[:80],
        attempts=error.attempts,
    )


def note_recoveries(
    account: Account, incidents: Iterable[Incident], *, report: str, cell: CoverageCell | None = None
) -> None:
    """Write down the calls that brought their answer only when they were repeated."""
    ApiProblem.objects.bulk_create(
        ApiProblem(
            account=account,
            cell=cell,
            at=incident.when,
            report=report,
            path=incident.path[:300],
            cause=cause_of(incident.category, incident.message),
            status=incident.status,
            code=incident.code[:120],
            detail=incident.message,
            request_id=(incident.request_id or incident.correlation_key)[:80],
            attempts=incident.attempts,
            succeeded=True,
        )
        for incident in incidents
    )
