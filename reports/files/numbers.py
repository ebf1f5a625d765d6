"""Numbers, read strictly: a pattern first, then `Decimal`; never a float, never a guess in one cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

PATTERN = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
STRICT = re.compile(PATTERN[1:-1])
EXPONENT = re.compile(r"-?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+")
HIDDEN_BLANKS = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u200e\u200f\ufeff"))
UNKNOWN = frozenset({"", "-", "\u2013", "\u2014"})


def decimal_of(text: str) -> Decimal:
    """The number in a cell of an API report: point, no grouping, at most 15 and 6 digits; -0 is 0.

    `Decimal` alone would take NaN, exponents, underscores and full-width digits. Raises `ValueError` with a
    sentence.
    """
    if STRICT.fullmatch(text) is None:
        raise ValueError(why_no_number(text))
    value = Decimal(text)
    return value if value else abs(value)


def why_no_number(text: str) -> str:
    """One sentence why a cell is not a number of an API report."""
    damage = number_damage(text)
    if damage is not None:
        return damage
    if text.strip() in UNKNOWN:
        return "no number"
    if re.fullmatch(r"-?[0-9]+([.,][0-9]+)*,[0-9]+(\.[0-9]+)?", text):
        return "a comma in a number: reports write 1234.56"
    if re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", text):
        return "a number with more than 15 digits before or 6 after the point"
    return "not a plain number (digits, a point, at most six decimals)"


def number_damage(text: str) -> str | None:
    """A sentence for a number or id that a spreadsheet turned into an exponent (1.23E+09), else None."""
    if EXPONENT.fullmatch(text.strip()):
        return "a spreadsheet's exponent instead of all digits: the file was re-saved from Excel"
    return None


class NumberForm(Enum):
    """Which sign separates the decimals: `3,479.64` or `1.234,56`."""

    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True, slots=True)
class NumberReading:
    """The form of a file's numbers, and how sure it is.

    `proof` is a cell that allows only this form. Without a proof the form is Apple's point, and `doubtful`
    lists up to 5 cells (`1,234`, `1.234`) that would mean another number in the other form.
    """

    form: NumberForm
    proof: str | None = None
    doubtful: tuple[str, ...] = ()


class MixedNumbers(ValueError):
    """Numbers of one file that prove both a decimal point and a decimal comma."""


PLAIN = re.compile(r"-?[0-9]+")
GROUPED = {
    NumberForm.POINT: re.compile(r"-?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,6})?"),
    NumberForm.COMMA: re.compile(r"-?([0-9]{1,15}|[0-9]{1,3}(\.[0-9]{3}){1,4})(,[0-9]{1,6})?"),
}
DOUBTFUL_KEPT = 5


def choose_number_form(samples: Iterable[str]) -> NumberReading:
    """The form of a console file's numbers, from its amount cells; cells that are no numbers are passed over.

    Decimal commas were seen in no file of Apple's, only in files re-saved by a spreadsheet. Raises
    `MixedNumbers` where cells prove both forms.
    """
    proofs: dict[NumberForm, str] = {}
    doubtful: list[str] = []
    for sample in samples:
        forms = _forms_of(_bare(sample))
        if forms == list(NumberForm):
            doubtful.append(sample.strip())
        elif forms:
            proofs.setdefault(forms[0], sample.strip())
    if len(proofs) > 1:
        raise MixedNumbers("numbers with decimal point and with decimal comma: " + ", ".join(proofs.values()))
    if proofs:
        form, proof = next(iter(proofs.items()))
        return NumberReading(form=form, proof=proof)
    return NumberReading(form=NumberForm.POINT, doubtful=tuple(doubtful[:DOUBTFUL_KEPT]))


def number_of(text: str, form: NumberForm) -> Decimal | None:
    """The number in a cell of a console file by the file's form; None where it is unknown (blank, `-`).

    Grouping is allowed, no-break spaces are dropped. Raises `ValueError` with a sentence.
    """
    bare = _bare(text)
    if bare in UNKNOWN:
        return None
    if GROUPED[form].fullmatch(bare) is None:
        raise ValueError(number_damage(bare) or f"not a number with decimal {form.value}")
    thousands, decimals = (",", ".") if form is NumberForm.POINT else (".", ",")
    return decimal_of(bare.replace(thousands, "").replace(decimals, "."))


def _bare(text: str) -> str:
    return text.translate(HIDDEN_BLANKS).strip()


def _forms_of(bare: str) -> list[NumberForm]:
    if PLAIN.fullmatch(bare):
        return []
    return [form for form, pattern in GROUPED.items() if pattern.fullmatch(bare)]
