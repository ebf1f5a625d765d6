"""Numbers of console files with what stands around them: a currency sign, an ISO code, a percent sign."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from babel.numbers import is_currency

from reports.console.vocabulary import words
from reports.files.errors import BadFile
from reports.files.numbers import MixedNumbers, NumberReading, choose_number_form

PERCENT = "%"
LONGEST_NUMBER = 40
CHECK_RESAVE = "download the export again from App Store Connect, or correct the cells and upload the file again"

_SIGNED = re.compile(
    r"(?P<minus>-?)\s*(?P<before>[^\d\s.,+\-()]{0,3})\s*(?P<number>-?[\d.,\s]*\d)\s*(?P<after>[^\d\s.,+\-()]{0,3})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A cell cut into its number text and its sign ("" where there is none)."""

    number: str
    sign: str


def cut_sign(cell: str) -> Signed:
    """``$1,234.50`` -> ``1,234.50`` and ``$``; another shape stays whole, to be refused as a number."""
    found = _SIGNED.fullmatch(cell) if len(cell) <= LONGEST_NUMBER else None
    if found is None or (found["before"] and found["after"]):
        return Signed(cell, "")
    sign = found["before"] or found["after"]
    known = not sign or sign == PERCENT or is_currency_sign(sign)
    return Signed(found["minus"] + found["number"], sign) if known else Signed(cell, "")


def number_form(file: str, cells: Iterable[tuple[int, str]]) -> NumberReading:
    """Decimal point or comma, decided once for all number cells (line, text) of a file.

    Raises ``BadFile`` naming the first line that disagrees with an earlier one.
    """
    known = list(cells)
    try:
        return choose_number_form(cell for _, cell in known)
    except MixedNumbers as error:
        position = bisect_left(range(len(known)), True, key=lambda last: _mixed(known[: last + 1]))
        raise BadFile(file=file, line=known[position][0], seen=str(error), do=CHECK_RESAVE) from error


def doubtful_numbers(reading: NumberReading) -> tuple[str, ...]:
    """A warning where no cell proves the decimal sign and some would mean something else with the other."""
    if not reading.doubtful:
        return ()
    cells = ", ".join(reading.doubtful)
    return (f"No number proves the decimal sign: {cells} are read with a decimal point.",)


def currency_of_sign(sign: str) -> str | None:
    """ISO 4217 code of a sign; None for signs that several currencies share (``$``, ``¥``)."""
    code: str | None = words()["currency_signs"].get(sign)
    return sign if is_iso_currency(sign) else code


def is_currency_sign(sign: str) -> bool:
    return currency_of_sign(sign) is not None or sign in words()["ambiguous_currency_signs"]


def is_iso_currency(code: str) -> bool:
    """True for any ISO 4217 code, withdrawn ones (HRK) included: old files carry them."""
    return code == code.upper() and is_currency(code)


def _mixed(cells: Sequence[tuple[int, str]]) -> bool:
    try:
        choose_number_form(cell for _, cell in cells)
    except MixedNumbers:
        return True
    return False
