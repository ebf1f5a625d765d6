"""Calls that worked only after they were tried again: nothing was lost, but somebody may want to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .errors import AppStoreError, Category


@dataclass(frozen=True, slots=True)
class Incident:
    """One call that succeeded on a later try. The status and ids are those of the last failed try.

    `when` is aware; `attempts` counts all tries, the good one included; `path` holds no secrets.
    """

    when: datetime
    method: str
    path: str
    category: Category
    status: int | None
    code: str
    request_id: str
    correlation_key: str
    attempts: int
    message: str

    @classmethod
    def recovered(cls, error: AppStoreError, *, when: datetime) -> Incident:
        """The incident for a call whose last failure was `error`."""
        return cls(
            when=when,
            method=error.method,
            path=error.path,
            category=error.category,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            correlation_key=error.correlation_key,
            attempts=error.attempts + 1,
            message=str(error),
        )
