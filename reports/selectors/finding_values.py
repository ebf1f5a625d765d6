"""The values of a finding under the words that fit its kind: not every finding has a console's side and Apple's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from reports.models import Finding, FindingKind
from reports.selectors.problems import is_estimate


class Valued(Protocol):
    """A finding, or one of its days."""

    @property
    def api_value(self) -> Decimal | None: ...
    @property
    def console_value(self) -> Decimal | None: ...
    @property
    def difference(self) -> Decimal | None: ...
    @property
    def explained(self) -> Decimal | None: ...


@dataclass(frozen=True)
class ValueColumn:
    """A value of a finding and of each of its days; `note` says what it is."""

    title: str
    note: str
    of: Callable[[Valued], Decimal | None]


@dataclass(frozen=True)
class Layout:
    """`rows`: titles of the links to the rows, of the earlier side first where there is one."""

    title: str
    columns: tuple[ValueColumn, ...]
    rows: tuple[str, str]
    explanation: str = ""


@dataclass(frozen=True)
class Value:
    title: str
    note: str
    value: Decimal | None


def before(valued: Valued) -> Decimal | None:
    """What the earlier delivery said, told back from what counts now and the difference."""
    now = now_of(valued)
    if now is None or valued.difference is None:
        return None
    return now - valued.difference


def now_of(valued: Valued) -> Decimal | None:
    return valued.api_value if valued.console_value is None else valued.console_value


def stated(valued: Valued) -> Decimal | None:
    """The total that the file names: `difference` is stated less counted on the console's side, else the reverse."""
    counted = now_of(valued)
    if counted is None or valued.difference is None:
        return None
    return counted + valued.difference if valued.api_value is None else counted - valued.difference


DIFFERENCE = ValueColumn("Difference", "console less API", lambda v: v.difference)
EXPLAINED = ValueColumn("Explained", "by the likely cause", lambda v: v.explained)

SIDES = Layout(
    "Side by side",
    (
        ValueColumn("Apple's API", "what Apple delivered", lambda v: v.api_value),
        ValueColumn("Console export", "what the console shows", lambda v: v.console_value),
        DIFFERENCE,
        EXPLAINED,
    ),
    ("Rows of the API", "Rows of the console"),
)
ESTIMATE = Layout(
    "What is missing: an estimate",
    (ValueColumn("Still in Apple's API", "units on these days", lambda v: v.api_value),),
    ("Rows of the API", ""),
    "No console export tells these days, so what is missing is not known. The amounts are an estimate: what the "
    "missing part brought on the median day of the four weeks before, for each missing day. Upload the sales report "
    "of these days for the exact amounts.",
)
ISSUES = Layout(
    "Before and now",
    (
        ValueColumn("Before", "what was delivered first", before),
        ValueColumn("Now", "what counts", now_of),
        ValueColumn("Change", "now less before", lambda v: v.difference),
    ),
    ("Rows before", "Rows now"),
)
TOTALS = Layout(
    "Total and rows of one file",
    (
        ValueColumn("The file's own total", "as it stands in the file", stated),
        ValueColumn("Sum of its rows", "added up here", now_of),
        ValueColumn("Difference", "not accounted for by a row", lambda v: v.difference),
    ),
    ("Rows of the file", ""),
)
DELIVERY = Layout("What was not delivered", (), ("", ""))
SUBSCRIPTION = Layout("What it is about", (), ("", ""))


LAYOUTS = {
    FindingKind.RESTATED: ISSUES,
    FindingKind.OVERLAPPING_EXPORTS: ISSUES,
    FindingKind.TOTAL_DOES_NOT_TIE: TOTALS,
    FindingKind.API_INCIDENT: DELIVERY,
    **dict.fromkeys(
        (
            FindingKind.LATE_DELIVERY,
            FindingKind.DELIVERY_GAP,
            FindingKind.DAILY_GENERATION_STOPPED,
            FindingKind.NEVER_DELIVERED,
            FindingKind.EMPTY_REPORT,
            FindingKind.PARTIAL_SNAPSHOT,
            FindingKind.REQUEST_STOPPED,
            FindingKind.INSTANCE_LOST,
            FindingKind.TWIN_INSTANCE,
        ),
        DELIVERY,
    ),
    FindingKind.ACCOUNT_TOKEN_MOVED: SUBSCRIPTION,
    FindingKind.DOUBLE_BILLING: SUBSCRIPTION,
    FindingKind.RENEWAL_MISSING: SUBSCRIPTION,
    FindingKind.NOTIFICATION_GAP: SUBSCRIPTION,
    FindingKind.TRANSACTION_MISMATCH: SUBSCRIPTION,
}


def layout_of(finding: Finding) -> Layout:
    if is_estimate(finding):
        return ESTIMATE
    return LAYOUTS.get(FindingKind(finding.kind), SIDES)


def values(columns: Sequence[ValueColumn], valued: Valued) -> list[Value]:
    return [Value(column.title, column.note, column.of(valued)) for column in columns]
