"""The totals that a finance file states, held against its rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from reports.ingest.footers import StatedTotal
from reports.ingest.measures import CountrySum
from reports.ingest.tally import EXACT, Tally, TotalCheck, plain_amount, plain_count

ALL_ROWS = "all rows"
SALES_ROWS = "sales rows only"
SEVERAL = "rows in several currencies, which are not added"

TABLE_NAMES = ("Quantity", "Extended Partner Share")

CountrySums = Mapping[tuple[str, str], CountrySum]


def check_totals(
    stated: list[StatedTotal], by_country: CountrySums, tally: Tally, *, table_line: int | None
) -> list[TotalCheck]:
    """One check for each total of the file, and for each country that its table (heading in `table_line`) leaves out.

    `Total_Units` and the table's quantity are taken both ways: with returns, or of the sales rows alone (seen
    in a region file of September 2014: 20 stated, 20 sold, 1 returned). The reading that ties is named.
    """
    single = [_check_single(total, by_country, tally) for total in stated if total.name not in TABLE_NAMES]
    if table_line is None:
        return single
    return [*single, *_check_table([total for total in stated if total.name in TABLE_NAMES], by_country, table_line)]


def _check_single(total: StatedTotal, by_country: CountrySums, tally: Tally) -> TotalCheck:
    if total.name == "Total_Rows":
        return _check(total, Decimal(tally.rows_read), ALL_ROWS)
    if total.name == "Total_Units":
        return _check_units(total, _sum_of(by_country, total.currency))
    currencies = {currency for _, currency in by_country}
    if not total.currency and len(currencies) > 1:
        return TotalCheck(total.name, total.line, total.value, None, ties=False, reading=SEVERAL)
    return _check(total, plain_amount(_sum_of(by_country, total.currency).amount), ALL_ROWS)


def _sum_of(by_country: CountrySums, currency: str) -> CountrySum:
    added = CountrySum()
    for (_, each), part in by_country.items():
        if currency in ("", each):
            added.quantity = EXACT.add(added.quantity, part.quantity)
            added.sold = EXACT.add(added.sold, part.sold)
            added.amount = EXACT.add(added.amount, part.amount)
    return added


def _check_table(stated: list[StatedTotal], by_country: CountrySums, table_line: int) -> list[TotalCheck]:
    checks = []
    for total in stated:
        found = by_country.get((total.country, total.currency), CountrySum())
        units = total.name == "Quantity"
        checks.append(_check_units(total, found) if units else _check(total, found.amount, ALL_ROWS))
    return [*checks, *_twice(stated), *_left_out(stated, by_country, table_line)]


def _twice(stated: list[StatedTotal]) -> list[TotalCheck]:
    seen: set[tuple[str, str, str]] = set()
    checks = []
    for total in stated:
        key = (total.name, total.country, total.currency)
        if key in seen:
            checks.append(_untied(total.name, total.line, total.country, total.currency, "stands twice"))
        seen.add(key)
    return checks


def _left_out(stated: list[StatedTotal], by_country: CountrySums, table_line: int) -> list[TotalCheck]:
    named = {(total.country, total.currency) for total in stated}
    last = max((total.line for total in stated), default=table_line)
    return [
        _untied("Extended Partner Share", last, country, currency, "rows that the totals table leaves out")
        for country, currency in sorted(by_country.keys() - named)
    ]


def _untied(name: str, line: int, country: str, currency: str, reading: str) -> TotalCheck:
    return TotalCheck(name, line, Decimal(0), None, ties=False, reading=reading, country=country, currency=currency)


def _check_units(total: StatedTotal, found: CountrySum) -> TotalCheck:
    if total.value != found.quantity and total.value == found.sold:
        return _check(total, plain_count(found.sold), SALES_ROWS)
    return _check(total, plain_count(found.quantity), ALL_ROWS)


def _check(total: StatedTotal, found: Decimal, reading: str) -> TotalCheck:
    return TotalCheck(
        total.name,
        total.line,
        total.value,
        found,
        ties=total.value == found,
        reading=reading,
        country=total.country,
        currency=total.currency,
    )
