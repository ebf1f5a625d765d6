"""Sums inside a payments file. What does not tie is told, not refused; rates never recompute proceeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reports.console.documents import ConsoleLine, Total
from reports.console.payments_rows import value_of

TAXES = ("input_tax", "adjustments", "withholding_tax")
SUBTOTAL_RULE = "balance + earned = pre_tax_subtotal"
OWED_RULE = "pre_tax_subtotal + input_tax + adjustments + withholding_tax = total_owed"
PENDING_RULE = "balance + earned + input_tax + adjustments + withholding_tax = total_owed"
PAYOUT_RULE = "sum of proceeds = total of the block"


def row_totals(line: ConsoleLine, currency: str) -> Iterator[Total]:
    """The sums one row states about itself; left out where a part is unknown.

    Source: Apple's help page "Payment information" (the total is the balance and the earnings, the amount
    owed is that and the taxes); it held in every row seen.
    """
    earned = _sum(_parts(line, ("balance", "earned")))
    subtotal, owed = value_of(line, "pre_tax_subtotal"), value_of(line, "total_owed")
    if earned is not None and subtotal is not None:
        yield Total(line.line, SUBTOTAL_RULE, line.label, currency, subtotal, earned)
    settled = "pre_tax_subtotal" in {value.metric for value in line.values}
    parts = ("pre_tax_subtotal", *TAXES) if settled else ("balance", "earned", *TAXES)
    computed = _sum(_parts(line, parts))
    if computed is not None and owed is not None:
        rule = OWED_RULE if settled else PENDING_RULE
        yield Total(line.line, rule, line.label, currency, owed, computed)


def payout_total(line: int, stated: Decimal | None, currency: str, rows: Sequence[ConsoleLine]) -> Total | None:
    """A total below a block against the proceeds of its rows; None where either is unknown."""
    proceeds = _sum([value_of(row, "proceeds") for row in rows])
    return None if stated is None or proceeds is None else Total(line, PAYOUT_RULE, "", currency, stated, proceeds)


def _parts(line: ConsoleLine, names: Iterable[str]) -> list[Decimal | None]:
    held = {value.metric: value.value for value in line.values}
    return [held[name] for name in names if name in held]


def _sum(parts: Sequence[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    return sum(known, Decimal(0)) if len(known) == len(parts) else None
