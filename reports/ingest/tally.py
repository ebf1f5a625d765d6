"""What became of every line of a report file, and what its rows add up to."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Context, Decimal, localcontext

REJECTS_KEPT = 1000
SEEN_LENGTH = 200
CENTS = -2
# Units and prices have 15 digits before and 6 after the point, so a product has 42; sums stay exact.
EXACT = Context(prec=120)


@dataclass(frozen=True, slots=True)
class Reject:
    """One line that is not counted: the column's header (or `line`), what was seen, and why."""

    line: int
    column: str
    seen: str
    why: str


@dataclass(frozen=True, slots=True)
class TotalCheck:
    """One total that the file states, held against its rows.

    `reading` names how the rows were added up to tie (`all rows` or `sales rows only`), or why they were not.
    `found` is None where it cannot be told. `line` is the line of the total.
    """

    name: str
    line: int
    stated: Decimal
    found: Decimal | None
    ties: bool
    reading: str
    country: str = ""
    currency: str = ""


@dataclass(slots=True)
class Tally:
    """Counts of lines and rows, sums per currency, period, totals and warnings of one file.

    Always: physical_lines = header_lines + rows_accepted + rows_rejected + blank_lines + footer_lines.
    `sums`: proceeds (units x per unit) of a sales report, extended partner share of a finance report, for
    each currency in which a row has an amount other than zero. `days`: rows of each day of an analytics
    report. `rejects` holds the first 1000, `rejected_lines` all.
    """

    physical_lines: int = 0
    header_lines: int = 0
    rows_accepted: int = 0
    blank_lines: int = 0
    footer_lines: int = 0
    rejects: list[Reject] = field(default_factory=list)
    rejected_lines: array[int] = field(default_factory=lambda: array("q"))
    start_day: date | None = None
    end_day: date | None = None
    sums: dict[str, Decimal] = field(default_factory=dict)
    units: Decimal = Decimal(0)
    refund_rows: int = 0
    partial_refund_rows: int = 0
    zero_unit_priced_rows: int = 0
    days: Counter[date] = field(default_factory=Counter)
    totals: list[TotalCheck] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def rows_rejected(self) -> int:
        """Number of rejected lines, kept or not."""
        return len(self.rejected_lines)

    @property
    def rows_read(self) -> int:
        """Accepted and rejected rows."""
        return self.rows_accepted + self.rows_rejected

    @property
    def totals_tie(self) -> bool | None:
        """Whether all totals of the file agree with its rows; None where the file has none."""
        return all(check.ties for check in self.totals) if self.totals else None

    @property
    def why_no_period(self) -> str:
        """What to say where no row tells a day: there is none, or none that can be read."""
        if not self.rejects:
            return "a header and no rows, so no date"
        first = self.rejects[0]
        told = f"line {first.line}, {first.column}: {first.why}"
        return f"no row that can be read, so no date; {self.rows_rejected:,} rejected, the first in {told}"

    def reject(self, line: int, column: str, seen: str, why: str) -> None:
        """Count one rejected line; its words are kept for the first 1000."""
        self.rejected_lines.append(line)
        if len(self.rejects) < REJECTS_KEPT:
            self.rejects.append(Reject(line, column, seen[:SEEN_LENGTH], why))

    def absorb(self, other: Tally, lines_before: int) -> None:
        """Add the lines of a further segment of the same delivery; its line 1 comes after `lines_before` others."""
        for name in ("physical_lines", "header_lines", "rows_accepted", "blank_lines", "footer_lines"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        room = REJECTS_KEPT - len(self.rejects)
        self.rejects += [replace(reject, line=reject.line + lines_before) for reject in other.rejects[:room]]
        self.rejected_lines.extend(line + lines_before for line in other.rejected_lines)
        self.days.update(other.days)
        self.warnings += [warning for warning in other.warnings if warning not in self.warnings]
        if self.days:
            self.start_day, self.end_day = min(self.days), max(self.days)

    def add_sums(self, sums: Mapping[str, Decimal]) -> None:
        """Add amounts per currency, exactly."""
        for currency, amount in sums.items():
            self.sums[currency] = EXACT.add(self.sums.get(currency, Decimal(0)), amount)

    def finish(self) -> None:
        """Order the rejects by line and write sums with two decimals or more."""
        self.rejects.sort(key=lambda reject: reject.line)
        self.rejected_lines = array("q", sorted(self.rejected_lines))
        self.sums = {currency: plain_amount(self.sums[currency]) for currency in sorted(self.sums)}
        self.units = plain_count(self.units)


def plain_amount(value: Decimal) -> Decimal:
    """The same amount without needless zeros, but with two decimals at least (`6118.00`)."""
    with localcontext(EXACT):
        shortest = value.normalize()
        exponent = shortest.as_tuple().exponent
        short = isinstance(exponent, int) and exponent > CENTS
        return shortest.quantize(Decimal("0.01")) if short else shortest


def plain_count(value: Decimal) -> Decimal:
    """The same number without needless zeros and without an exponent (`20`, `0.5`)."""
    with localcontext(EXACT):
        whole = value.to_integral_value()
        return whole.quantize(Decimal(1)) if whole == value else value.normalize()


def lines_in_words(lines: Iterable[int], count: int) -> str:
    """Line numbers for a sentence: the first five and how many more."""
    first = [str(line) for line, _ in zip(lines, range(5), strict=False)]
    more = f" and {count - len(first)} more" if count > len(first) else ""
    return f"{'line' if count == 1 else 'lines'} {', '.join(first)}{more}"
