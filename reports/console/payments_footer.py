"""Lines below the regions of a payments file: the total, and whether it was paid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reports.console.amounts import is_iso_currency
from reports.console.table import Row
from reports.console.vocabulary import fold, is_estimate_label
from reports.files.numbers import NumberForm, number_of

FooterKind = Literal["total", "paid", "estimate"]
PAID_WORDS = "paid to "
LONGEST_TOTAL = 60

# The end of a bank account as the console masks it; it marks the paid line in every language.
_MASKED_ACCOUNT = re.compile(r"\*{2,}\s?\w{2,}\s*$")
_TOTAL = re.compile(r"(?P<amount>-?[\d.,\s]*\d)\s*(?P<currency>[A-Z]{3})", re.ASCII)


@dataclass(frozen=True)
class Footer:
    """One line below the regions. The bank's name and account are never taken over."""

    line: int
    kind: FooterKind
    amount: str = ""
    currency: str = ""

    def value(self, form: NumberForm) -> Decimal | None:
        """The stated total; None where it is no number in the file's form."""
        try:
            return number_of(self.amount, form)
        except ValueError:
            return None


def read_footer(row: Row) -> Footer | None:
    """The meaning of a line that is no region, found by pattern in any column; None where it has none.

    The total reads ``"234.58" EUR`` (text after the closing quote), large ones with thousands commas.
    Source: real files; the column differs between layouts.
    """
    if is_estimate_label(row.first):
        return Footer(row.line, "estimate", *_total(row))
    texts = row.filled
    if any(_is_paid(text) for text in texts):
        return Footer(row.line, "paid")
    amount, currency = _total(row) if len(texts) == 1 else ("", "")
    return Footer(row.line, "total", amount, currency) if amount else None


def masked(text: str) -> str:
    """Text for a message, or a stand-in where it may name a bank and the end of an account."""
    names_a_bank = "*" in text or PAID_WORDS in fold(text)
    return "(a line about the bank account)" if names_a_bank else text


def _is_paid(text: str) -> bool:
    return fold(text).startswith(PAID_WORDS) or _MASKED_ACCOUNT.search(text) is not None


def _total(row: Row) -> tuple[str, str]:
    for text in row.filled:
        bare = text.replace('"', "").strip()
        found = _TOTAL.fullmatch(bare) if len(bare) <= LONGEST_TOTAL else None
        if found is not None and is_iso_currency(found["currency"]):
            return found["amount"].strip(), found["currency"]
    return "", ""
