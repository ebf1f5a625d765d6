"""Finance reports of a fiscal month: region files, the consolidated one (ZZ) and the detailed one (Z1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ascrecon.simulator.events import Event
from ascrecon.simulator.faults import RegionMissing
from ascrecon.simulator.fiscal import FiscalMonth
from ascrecon.simulator.regions import region_of
from ascrecon.simulator.scenario import Scenario
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import PACIFIC

# Apple's names in the order of real files; the two reports spell them differently.
HEADER = (
    "Start Date\tEnd Date\tUPC\tISRC/ISBN\tVendor Identifier\tQuantity\tPartner Share\t"
    "Extended Partner Share\tPartner Share Currency\tSales or Return\tApple Identifier\t"
    "Artist/Show/Developer/Author\tTitle\tLabel/Studio/Network/Developer/Publisher\tGrid\t"
    "Product Type Identifier\tISAN/Other Identifier\tCountry Of Sale\tPre-order Flag\tPromo Code\t"
    "Customer Price\tCustomer Currency"
)
DETAIL_HEADER = (
    "Transaction Date\tSettlement Date\tApple Identifier\tSKU\tTitle\tDeveloper Name\t"
    "Product Type Identifier\tCountry of Sale\tQuantity\tPartner Share\tExtended Partner Share\t"
    "Partner Share Currency\tCustomer Price\tCustomer Currency\tSale or Return\tPromo Code\t"
    "Order Type\tRegion"
)
SUMMARY_HEADER = "Country Of Sale\tPartner Share Currency\tQuantity\tExtended Partner Share"


@dataclass(frozen=True, order=True)
class FinanceRow:
    """One row; `share` and `price` per unit and positive, `quantity` negative on a return."""

    sold: date
    settled: date
    region: str
    country: str
    currency: str
    content_id: int
    sku: str
    type: str
    share: Decimal
    price: Decimal
    returned: bool
    quantity: int

    @property
    def amount(self) -> Decimal:
        """Extended Partner Share: the amount to sum."""
        return self.quantity * self.share


def month_rows(truth: Truth, month: FiscalMonth) -> list[FinanceRow]:
    """Every settled row of the month in detail, without any fault: what the console shows."""
    rows = _summed(_row(event) for event in truth.money_events(month.start, month.end))
    return sorted(rows)


def api_rows(truth: Truth, month: FiscalMonth) -> list[FinanceRow]:
    """The rows that the API has: those of regions that a fault withholds are gone."""
    missing = missing_regions(truth.scenario, month)
    return [row for row in month_rows(truth, month) if row.region not in missing]


def missing_regions(scenario: Scenario, month: FiscalMonth) -> set[str]:
    faults = [fault for fault in scenario.faults if isinstance(fault, RegionMissing)]
    return {fault.region for fault in faults if fault.fiscal_month == month.name}


def finance_file(truth: Truth, month: FiscalMonth, rows: Iterable[FinanceRow], region: str) -> bytes:
    """FINANCIAL: 22 columns with the fiscal period on every row, then the totals."""
    start, end = month.start, month.end
    wanted = [row for row in rows if region in ("ZZ", row.region)]
    grouped = sorted(_summed(replace(row, sold=start, settled=end) for row in wanted))
    lines = [_line(_names(truth.scenario), row, start, end) for row in grouped]
    tail = _summary(grouped) if region == "ZZ" else _totals(grouped)
    return "\n".join([HEADER, *lines, f"Total_Rows\t{len(grouped)}", *tail, ""]).encode()


def detail_file(truth: Truth, month: FiscalMonth, rows: Iterable[FinanceRow]) -> bytes:
    """FINANCE_DETAIL Z1: three key lines, 18 columns (data rows end with one more tab), closing table."""
    found = sorted(rows)
    head = [
        f"Vendor Name\t{truth.scenario.vendor_name}",
        f"Start Date\t{month.start:%m/%d/%Y}",
        f"End Date\t{month.end:%m/%d/%Y}",
        DETAIL_HEADER,
    ]
    lines = [_detail_line(_names(truth.scenario), row) for row in found]
    return "\n".join([*head, *lines, *_summary(found), ""]).encode()


def _row(event: Event) -> FinanceRow:
    region = region_of(event.country, event.currency)
    return FinanceRow(
        sold=event.moment.astimezone(PACIFIC).date(),
        settled=event.settles,
        region=region.code if region else "",
        country=event.country,
        currency=event.currency,
        content_id=event.content_id,
        sku=event.sku,
        type=event.type,
        share=event.proceeds,
        price=event.price,
        returned=event.refund,
        quantity=event.units,
    )


def _summed(rows: Iterable[FinanceRow]) -> list[FinanceRow]:
    totals: Counter[FinanceRow] = Counter()
    for row in rows:
        totals[replace(row, quantity=0)] += row.quantity
    return [replace(row, quantity=quantity) for row, quantity in totals.items() if quantity]


def _names(scenario: Scenario) -> dict[int, tuple[str, str]]:
    names = {app.apple_id: (app.name, app.developer) for app in scenario.apps}
    for app in scenario.apps:
        names |= {product.apple_id: (product.name, app.developer) for product in app.products}
    return names


def _line(names: dict[int, tuple[str, str]], row: FinanceRow, start: date, end: date) -> str:
    title, developer = names[row.content_id]
    cells = (
        f"{start:%m/%d/%Y}",
        f"{end:%m/%d/%Y}",
        "",
        "",
        row.sku,
        str(row.quantity),
        f"{row.share:.2f}",
        f"{row.amount:.2f}",
        row.currency,
        "R" if row.returned else "S",
        str(row.content_id),
        developer,
        title,
        "",
        "",
        row.type,
        "",
        row.country,
        "",
        "",
        f"{-row.price if row.returned else row.price:.2f}",
        row.currency,
    )
    return "\t".join(cells)


def _detail_line(names: dict[int, tuple[str, str]], row: FinanceRow) -> str:
    title, _ = names[row.content_id]
    cells = (
        f"{row.sold:%m/%d/%Y}",
        f"{row.settled:%m/%d/%Y}",
        str(row.content_id),
        row.sku,
        title,
        "",
        row.type,
        row.country,
        str(row.quantity),
        f"{row.share:.2f}",
        f"{row.amount:.2f}",
        row.currency,
        f"{-row.price if row.returned else row.price:.3f}",
        row.currency,
        "R" if row.returned else "S",
        "",
        "",
        "",
        "",
    )
    return "\t".join(cells)


def _totals(rows: list[FinanceRow]) -> list[str]:
    # A real file with one return counts only its sales here: 20 units where the net is 19.
    units = sum(row.quantity for row in rows if not row.returned)
    amount = sum((row.amount for row in rows), Decimal(0))
    return [f"Total_Amount\t{short(amount)}", f"Total_Units\t{units}"]


def _summary(rows: list[FinanceRow]) -> list[str]:
    quantities: Counter[tuple[str, str]] = Counter()
    amounts: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        key = (row.country, row.currency)
        quantities[key] += row.quantity
        amounts[key] = amounts.get(key, Decimal(0)) + row.amount
    lines = [
        f"{country}\t{currency}\t{quantities[country, currency]}\t{amount:.2f}"
        for (country, currency), amount in sorted(amounts.items())
    ]
    return [SUMMARY_HEADER, *lines]


def short(amount: Decimal) -> str:
    """Without trailing zeros, as Total_Amount is written: 138.60 is `138.6`, 77.00 is `77`."""
    text = f"{amount:.2f}".rstrip("0").rstrip(".")
    return text if text not in ("", "-0") else "0"
