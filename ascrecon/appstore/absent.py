"""Tells apart why Apple has no file: no sales, not yet, no longer, a wrong id, or something unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from .catalogue import Meaning, load_catalogue
from .errors import AppStoreError, Category


class Reason(StrEnum):
    """Why there is no file. Only `no_sales` may ever be read as zero, and not at once."""

    NO_SALES = "no_sales"
    NOT_YET = "not_yet"
    GONE = "gone"
    WRONG_ID = "wrong_id"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """Whether the reason was read from Apple's text or follows from the calendar alone."""

    TEXT = "text"
    CALENDAR = "calendar"


_WORDS = {
    Reason.NO_SALES: "Apple reports no sales.",
    Reason.NOT_YET: "Apple has not published this report yet.",
    Reason.GONE: "Apple no longer stores this report.",
    Reason.WRONG_ID: "Apple does not know what was asked for.",
    Reason.UNKNOWN: "Apple has no such report and gives a reason that is not known here.",
}


@dataclass(frozen=True, slots=True)
class Absent:
    """Apple's answer that there is no file. `detail` is its text as it came.

    A retired version of a subscription report was seen to be answered with "no sales" (public issue
    Ponytech 54), so `no_sales` is not proof of zero where other reports have rows.
    """

    reason: Reason
    basis: Basis
    detail: str
    status: int
    request_id: str

    @property
    def words(self) -> str:
        """One plain sentence."""
        return _WORDS[self.reason]


def absent_sales(error: AppStoreError, *, now: datetime, due: datetime, kept_until: date) -> Absent | None:
    """Judges by Apple's text; None where `error` is no answer of this sort and must be raised.

    "No sales" before the report is due only means that it is not there yet. `now` and `due` are aware;
    `kept_until` is the last day on which Apple stores the file.
    """
    if not _is_about_absence(error):
        return None
    reason, basis = _sales_reason(error, is_due=now >= due, is_kept=now.date() <= kept_until)
    return _absent(error, reason, basis)


def absent_finance(error: AppStoreError, *, today: date, due: date, kept_until: date) -> Absent | None:
    """Judges by the calendar, since Apple gives one text for every month that is missing (unconfirmed).

    `due` is the first Friday after the fiscal month's end; up to that day the file may still come.
    Source: Apple Help, "by the first Friday of the current fiscal month"; kept ten years.
    """
    if not _is_about_absence(error):
        return None
    if error.category is Category.GONE:
        return _absent(error, Reason.GONE, Basis.TEXT)
    if Meaning.WRONG_ID in _meanings(error):
        return _absent(error, Reason.WRONG_ID, Basis.TEXT)
    return _absent(error, _by_calendar(is_due=today > due, is_kept=today <= kept_until), Basis.CALENDAR)


def _is_about_absence(error: AppStoreError) -> bool:
    return error.category is Category.GONE or error.is_unknown_id


def _sales_reason(error: AppStoreError, *, is_due: bool, is_kept: bool) -> tuple[Reason, Basis]:
    meanings = _meanings(error)
    if error.category is Category.GONE or Meaning.GONE in meanings:
        return Reason.GONE, Basis.TEXT
    if Meaning.NOT_YET in meanings:
        return Reason.NOT_YET, Basis.TEXT
    if Meaning.NO_SALES in meanings:
        return (Reason.NO_SALES, Basis.TEXT) if is_due else (Reason.NOT_YET, Basis.CALENDAR)
    if Meaning.WRONG_ID in meanings:
        return Reason.WRONG_ID, Basis.TEXT
    if Meaning.BY_CALENDAR in meanings:
        return _by_calendar(is_due=is_due, is_kept=is_kept), Basis.CALENDAR
    return Reason.UNKNOWN, Basis.TEXT


def _by_calendar(*, is_due: bool, is_kept: bool) -> Reason:
    if not is_due:
        return Reason.NOT_YET
    return Reason.NO_SALES if is_kept else Reason.GONE


def _meanings(error: AppStoreError) -> set[Meaning]:
    return load_catalogue().meanings(f"{error.title} {error.detail}".casefold())


def _absent(error: AppStoreError, reason: Reason, basis: Basis) -> Absent:
    return Absent(
        reason=reason,
        basis=basis,
        detail=error.detail or error.title or error.message,
        status=error.status or 0,
        request_id=error.apple_id,
    )
