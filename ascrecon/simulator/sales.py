"""Summary Sales reports: 28 tab-separated columns, one row per group of equal events."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random

from ascrecon.simulator.events import Event
from ascrecon.simulator.faults import PARTS, RowsMissing
from ascrecon.simulator.regions import money
from ascrecon.simulator.scenario import App, Product
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between

# Apple's names in the order of real files.
HEADER = (
    "Provider\tProvider Country\tSKU\tDeveloper\tTitle\tVersion\tProduct Type Identifier\tUnits\t"
    "Developer Proceeds\tBegin Date\tEnd Date\tCustomer Currency\tCountry Code\tCurrency of Proceeds\t"
    "Apple Identifier\tCustomer Price\tPromo Code\tParent Identifier\tSubscription\tPeriod\tCategory\tCMB\t"
    "Device\tSupported Platforms\tProceeds Reason\tPreserved Pricing\tClient\tOrder Type"
)
BLANK = " "
EQUAL_ROWS = 0.03


@dataclass(frozen=True, order=True)
class SalesRow:
    """One row: `units` negative on a refund; `price` and `proceeds` per unit and positive."""

    app_id: int
    content_id: int
    sku: str
    type: str
    country: str
    currency: str
    device: str
    version: str
    subscription: str
    long_rate: bool
    refund: bool
    price: Decimal
    proceeds: Decimal
    units: int

    @property
    def amount(self) -> Decimal:
        """Proceeds of the row in its currency, signed."""
        return self.units * self.proceeds


def rows_of(events: Iterable[Event]) -> list[SalesRow]:
    """Events summed by everything that a row shows; groups that cancel out are left out."""
    totals: Counter[SalesRow] = Counter()
    for event in events:
        totals[_key(event)] += event.units
    return sorted(replace(key, units=units) for key, units in totals.items() if units)


def day_rows(truth: Truth, app: App, day: date, as_of: date | None = None) -> list[SalesRow]:
    """An app's rows of one day; now and then Apple writes one group as two equal rows."""
    rng = Random(f"{truth.scenario.seed}:{app.apple_id}:{day}:rows")  # noqa: S311
    found: list[SalesRow] = []
    for row in rows_of(truth.settled(app, day, as_of)):
        twice = rng.random() < EQUAL_ROWS and row.units > 1 and row.units % 2 == 0
        found += [replace(row, units=row.units // 2)] * 2 if twice else [row]
    return found


def period_rows(truth: Truth, first: date, last: date, as_of: date | None = None) -> list[SalesRow]:
    """All apps' rows of a period, without any fault of the daily files."""
    if first == last:
        return [row for app in truth.scenario.apps for row in day_rows(truth, app, first, as_of)]
    days = days_between(max(first, truth.scenario.first_day), last)
    apps = truth.scenario.apps
    return rows_of(event for app in apps for day in days for event in truth.settled(app, day, as_of))


def lost_rows(truth: Truth, app: App, day: date) -> list[tuple[SalesRow, RowsMissing]]:
    """Which rows the API's DAILY file lacks, each with the one fault that it counts for."""
    return [(row, fault) for row, fault in _marked(truth, app, day, truth.scenario.today) if fault]


def api_day_rows(truth: Truth, day: date, as_of: date) -> list[SalesRow]:
    """The rows of the API's DAILY file as served on `as_of`."""
    apps = truth.scenario.apps
    return [row for app in apps for row, fault in _marked(truth, app, day, as_of) if not fault]


def proceeds_of(rows: Iterable[SalesRow]) -> dict[str, Decimal]:
    """Proceeds by currency, in units of that currency; a currency that comes to nothing is left out."""
    amounts: dict[str, Decimal] = {}
    for row in rows:
        amounts[row.currency] = amounts.get(row.currency, Decimal(0)) + row.amount
    return {currency: amount for currency, amount in amounts.items() if amount}


def sales_file(truth: Truth, rows: list[SalesRow], first: date, last: date) -> bytes:
    """The report as text: header, then one line a row; the file ends with a line feed."""
    apps = {app.apple_id: app for app in truth.scenario.apps}
    lines = [_line(apps[row.app_id], row, first, last) for row in rows]
    return ("\n".join([HEADER, *lines]) + "\n").encode()


def packed(text: bytes) -> bytes:
    """Gzip without a time stamp: the same text gives the same bytes."""
    return gzip.compress(text, mtime=0)


def _key(event: Event) -> SalesRow:
    return SalesRow(
        app_id=event.app_id,
        content_id=event.content_id,
        sku=event.sku,
        type=event.type,
        country=event.country,
        currency=event.currency,
        device=event.device,
        version=event.version,
        subscription=event.subscription,
        long_rate=event.long_rate,
        refund=event.refund,
        price=event.price,
        proceeds=event.proceeds,
        units=0,
    )


def _marked(truth: Truth, app: App, day: date, as_of: date) -> list[tuple[SalesRow, RowsMissing | None]]:
    """An app's rows of a day, each with the first fault (in the order of PARTS) that removes it."""
    rows, faults = day_rows(truth, app, day, as_of), _faults_of(truth, app, day)
    half = _half(truth, app, day, rows) if faults else set()
    return [
        (row, next((fault for fault in faults if _takes(fault, row, index in half)), None))
        for index, row in enumerate(rows)
    ]


def _faults_of(truth: Truth, app: App, day: date) -> list[RowsMissing]:
    found = [
        fault
        for fault in truth.scenario.faults
        if isinstance(fault, RowsMissing) and fault.start <= day <= fault.end and fault.apple_id in (None, app.apple_id)
    ]
    return sorted(found, key=lambda fault: PARTS.index(fault.part))


def _takes(fault: RowsMissing, row: SalesRow, in_half: bool) -> bool:
    if fault.part == "header":
        return True
    if row.units <= 0:
        return False
    if fault.part == "half":
        return in_half
    seen = {"all": "", "product": row.sku, "country": row.country}
    return seen[fault.part] == fault.member


def _half(truth: Truth, app: App, day: date, rows: list[SalesRow]) -> set[int]:
    """Every second positive row by size, starting at a seeded one of the first two: about half the units."""
    positive = sorted((index for index, row in enumerate(rows) if row.units > 0), key=lambda n: -rows[n].units)
    start = Random(f"{truth.scenario.seed}:{app.apple_id}:{day}:half").randrange(2)  # noqa: S311
    return set(positive[start::2])


def _line(app: App, row: SalesRow, first: date, last: date) -> str:
    product = next((found for found in app.products if found.apple_id == row.content_id), None)
    free_download = product is None and not row.price and row.type == app.type
    cells = (
        "APPLE",
        "US",
        row.sku,
        BLANK if product else app.developer,
        product.name if product else app.name,
        row.version or BLANK,
        row.type,
        str(row.units),
        _money(row.proceeds, row.currency),
        f"{first:%m/%d/%Y}",
        f"{last:%m/%d/%Y}",
        row.currency,
        row.country,
        BLANK if free_download else row.currency,
        str(row.content_id),
        _money(-row.price if row.refund else row.price, row.currency),
        BLANK,
        app.sku if product else BLANK,
        row.subscription or BLANK,
        _period(product),
        "Productivity",
        "",
        row.device,
        "macOS" if row.type.startswith("F") else "iOS",
        "Rate After One Year" if row.long_rate else BLANK,
        BLANK,
        BLANK,
        BLANK,
    )
    return "\t".join(cells)


def _period(product: Product | None) -> str:
    return (product.period if product else "") or BLANK


def _money(value: Decimal, currency: str) -> str:
    return f"{money(value, currency) if value else Decimal('0.00')}"
