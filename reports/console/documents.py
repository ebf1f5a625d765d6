"""What a console export says once it is read: values with their day, place and currency, and refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from reports.console.vocabulary import metric_by_name

ConsoleKind = Literal["A1", "A2", "P"]
Grain = Literal["day", "week", "month", "fiscal_month"]
Need = Literal["app", "fiscal_month", "metric", "currency"]
PayoutState = Literal["paid", "not_paid", "estimate", "unstated"]
MonthLabel = tuple[int, int]

FISCAL_YEAR_START = 10


@dataclass(frozen=True)
class ConsoleValue:
    """One number of the export. ``value`` None means unknown (blank or ``-`` in the file), never zero.

    The period is None until somebody who has the fiscal calendar says it (see ``placed``).
    ``currency`` belongs to the key of a payments row, also for units: one region may stand once per currency.
    """

    metric: str
    value: Decimal | None
    currency: str | None = None
    region: str | None = None
    member: str | None = None
    period_start: date | None = None
    period_end: date | None = None


@dataclass(frozen=True)
class ConsoleLine:
    """One accepted data line: ``line`` counts from 1 in the decoded file, ``cells`` are kept as seen."""

    line: int
    label: str
    cells: Mapping[str, str]
    values: tuple[ConsoleValue, ...]
    block: int = 0


@dataclass(frozen=True)
class Reject:
    """One refused data line, in words for the person who uploaded it."""

    line: int
    column: str
    seen: str
    why: str


@dataclass(frozen=True)
class Total:
    """A sum the file states beside the one its own cells give; ``tied`` False is a finding."""

    line: int
    rule: str
    label: str
    currency: str | None
    stated: Decimal
    computed: Decimal

    @property
    def tied(self) -> bool:
        return self.stated == self.computed


@dataclass(frozen=True)
class Payout:
    """One block of a payments file: its rows belong to one transfer, to none yet, or are estimates.

    ``unstated``: the table was pasted without the lines that tell. ``ConsoleLine.block`` points here.
    """

    block: int
    state: PayoutState
    total: Decimal | None
    currency: str | None
    rows: int


@dataclass(frozen=True)
class ConsoleDocument:
    """A recognised console export.

    ``fiscal_label`` is (year, month) as the console names it: (2014, 9) for "September, 2014".
    ``breakdown``: the dimension that the columns are members of, such as ``source_type``. ``stated_end``: the last day
    that the file says it covers; a month that goes on after it is told in part.
    ``rows_read`` + ``heading_lines`` + ``footer_lines`` + ``blank_lines`` is the number of physical lines,
    unless a quoted cell holds a line break.
    """

    kind: ConsoleKind
    variant: str
    language: str
    encoding: str
    delimiter: str
    app_name: str | None = None
    metric: str | None = None
    metric_label: str | None = None
    metric_unit: str | None = None
    fiscal_label: MonthLabel | None = None
    period_start: date | None = None
    period_end: date | None = None
    grain: Grain | None = None
    timezone: str | None = None
    currency: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    breakdown: str | None = None
    stated_end: date | None = None
    payouts: tuple[Payout, ...] = ()
    lines: tuple[ConsoleLine, ...] = ()
    rejects: tuple[Reject, ...] = ()
    totals: tuple[Total, ...] = ()
    warnings: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    heading_lines: int = 0
    footer_lines: int = 0
    blank_lines: int = 0

    @property
    def rows_read(self) -> int:
        return self.rows_accepted + self.rows_rejected

    @property
    def rows_accepted(self) -> int:
        return len(self.lines)

    @property
    def rows_rejected(self) -> int:
        return len({reject.line for reject in self.rejects})

    @property
    def untied(self) -> tuple[Total, ...]:
        return tuple(total for total in self.totals if not total.tied)

    @property
    def paid(self) -> tuple[PayoutState, ...]:
        return tuple(payout.state for payout in self.payouts)

    def by_currency(self, metric: str) -> dict[str, Decimal]:
        """Sums of one metric's known values, currency by currency, in the order of the file."""
        sums: dict[str, Decimal] = {}
        for value in (value for line in self.lines for value in line.values if value.metric == metric):
            if value.currency is not None and value.value is not None:
                sums[value.currency] = sums.get(value.currency, Decimal(0)) + value.value
        return sums

    @property
    def fiscal_month(self) -> str | None:
        """The month as the API asks for it: the label (2014, 9) is ``2014-12``.

        Source: Apple's fiscal year starts with the month labelled October; real files of fiscal 2012-12,
        2014-09 and 2025-11 carry the dates of API months 2013-03, 2014-12 and 2026-02.
        """
        if self.fiscal_label is None:
            return None
        year, month = self.fiscal_label
        return f"{year + (month >= FISCAL_YEAR_START):04d}-{(month - FISCAL_YEAR_START) % 12 + 1:02d}"


def with_metric(document: ConsoleDocument, metric: str) -> ConsoleDocument:
    """The same document once a person has said which metric its unknown heading means."""
    unnamed = document.metric or ""
    return _map_values(
        replace(document, metric=metric, needs=_without(document, "metric")),
        lambda value: replace(value, metric=metric) if value.metric == unnamed else value,
    )


def with_app(document: ConsoleDocument, app_name: str) -> ConsoleDocument:
    """The same document once a person has said which app it is about."""
    return replace(document, app_name=app_name, needs=_without(document, "app"))


def with_currency(document: ConsoleDocument, currency: str) -> ConsoleDocument:
    """The same document once a person has said the currency of amounts that carry none; counts stay without."""
    known = replace(document, currency=currency, needs=_without(document, "currency"))
    return _map_values(known, lambda value: replace(value, currency=currency) if _lacks_currency(value) else value)


def placed(document: ConsoleDocument, start: date, end: date) -> ConsoleDocument:
    """The same document with its fiscal period, both ends included, written into every value."""
    dated = replace(document, period_start=start, period_end=end, needs=_without(document, "fiscal_month"))
    return _map_values(dated, lambda value: replace(value, period_start=start, period_end=end))


def _lacks_currency(value: ConsoleValue) -> bool:
    metric = metric_by_name(value.metric)
    return value.currency is None and (metric is None or metric.unit == "money")


def _without(document: ConsoleDocument, need: Need) -> tuple[Need, ...]:
    return tuple(other for other in document.needs if other != need)


def _map_values(document: ConsoleDocument, change: Callable[[ConsoleValue], ConsoleValue]) -> ConsoleDocument:
    lines = tuple(replace(line, values=tuple(map(change, line.values))) for line in document.lines)
    return replace(document, lines=lines)
