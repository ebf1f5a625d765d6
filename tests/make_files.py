"""Report and export files in Apple's layouts with invented values. Shares no code with the product.

Amounts are given as they stand in the file. Unless said otherwise everything is of the vendor 80000001, whose app
"Acme Notes" (SKU NOTES, Apple identifier 1500000001) sells the product `notes.pro` (1500000101).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

VENDOR = "80000001"
NOTES = 1500000001
DAY = date(2026, 10, 12)
#: Apple's fiscal month 2026-12, called September 2026: four weeks from Sunday to Saturday.
SEPTEMBER = (date(2026, 8, 30), date(2026, 9, 26))

Row = Mapping[str, str]

SALES_2009 = [
    "Provider",
    "Provider Country",
    "Vendor Identifier",
    "UPC",
    "ISRC",
    "Artist / Show",
    "Title / Episode / Season",
    "Label/Studio/Network",
    "Product Type Identifier",
    "Units",
    "Royalty Price",
    "Begin Date",
    "End Date",
    "Customer Currency",
    "Country Code",
    "Royalty Currency",
    "Preorder",
    "Season Pass",
    "ISAN",
    "Apple Identifier",
    "Customer Price",
    "CMA",
    "Asset/Content Flavor",
    "Vendor Offer Code",
    "Grid",
    "Promo Code",
    "Parent Identifier",
]
SALES_2011 = [
    "Provider",
    "Provider Country",
    "SKU",
    "Developer",
    "Title",
    "Version",
    "Product Type Identifier",
    "Units",
    "Developer Proceeds",
    "Begin Date",
    "End Date",
    "Customer Currency",
    "Country Code",
    "Currency of Proceeds",
    "Apple Identifier",
    "Customer Price",
    "Promo Code",
    "Parent Identifier",
    "Subscription",
    "Period",
]
SALES_2015 = [*SALES_2011, "Category", "CMB"]
SALES_2020 = [
    *SALES_2015, "Device", "Supported Platforms", "Proceeds Reason", "Preserved Pricing", "Client", "Order Type",
]  # fmt: skip
#: What the columns of 2009 were called then.
CALLED_2009 = {
    "SKU": "Vendor Identifier", "Developer": "Artist / Show", "Title": "Title / Episode / Season",
    "Developer Proceeds": "Royalty Price", "Currency of Proceeds": "Royalty Currency",
}  # fmt: skip
FINANCIAL = [
    "Start Date",
    "End Date",
    "UPC",
    "ISRC/ISBN",
    "Vendor Identifier",
    "Quantity",
    "Partner Share",
    "Extended Partner Share",
    "Partner Share Currency",
    "Sales or Return",
    "Apple Identifier",
    "Artist/Show/Developer/Author",
    "Title",
    "Label/Studio/Network/Developer/Publisher",
    "Grid",
    "Product Type Identifier",
    "ISAN/Other Identifier",
    "Country Of Sale",
    "Pre-order Flag",
    "Promo Code",
    "Customer Price",
    "Customer Currency",
]
DETAIL = [
    "Transaction Date",
    "Settlement Date",
    "Apple Identifier",
    "SKU",
    "Title",
    "Developer Name",
    "Product Type Identifier",
    "Country of Sale",
    "Quantity",
    "Partner Share",
    "Extended Partner Share",
    "Partner Share Currency",
    "Customer Price",
    "Customer Currency",
    "Sale or Return",
    "Promo Code",
    "Order Type",
    "Region",
]


def sale(
    units: int | str = 1,
    proceeds: str = "3.49",
    currency: str = "USD",
    country: str = "US",
    *,
    product: str = "notes.pro",
    apple_id: int | str = 1500000101,
    parent: str = "NOTES",
    kind: str = "IAY",
    price: str = "4.99",
    **columns: str,
) -> dict[str, str]:
    """A row of a sales report: an in-app purchase. Keywords are further columns, `_` for a blank."""
    row = {
        "Provider": "APPLE", "Provider Country": "US", "SKU": product, "Developer": "Acme", "Title": product,
        "Version": "1.0", "Product Type Identifier": kind, "Units": str(units), "Developer Proceeds": proceeds,
        "Customer Currency": currency, "Country Code": country, "Currency of Proceeds": currency,
        "Apple Identifier": str(apple_id), "Customer Price": price, "Parent Identifier": parent, "Device": "iPhone",
        "Supported Platforms": "iOS", "Category": "Productivity",
    }  # fmt: skip
    return row | {name.replace("_", " "): value for name, value in columns.items()}


def download(units: int = 1, country: str = "US", *, app: int = NOTES, sku: str = "NOTES", title: str = "Acme Notes",
             kind: str = "1F") -> dict[str, str]:  # fmt: skip
    """A row of a sales report: free first downloads of an app."""
    return sale(units, "0", "USD", country, product=sku, apple_id=app, parent=" ", kind=kind, price="0", Title=title)


def sales_text(rows: Iterable[Row], first: date, last: date, header: Sequence[str] = SALES_2020) -> str:
    """A sales report; blanks are one space and days MM/DD/YYYY, as Apple writes them."""
    days = {"Begin Date": f"{first:%m/%d/%Y}", "End Date": f"{last:%m/%d/%Y}"}
    called = CALLED_2009 if header is SALES_2009 else {}
    lines = [{called.get(name, name): value for name, value in (row | days).items()} for row in map(dict, rows)]
    cells = ["\t".join(line.get(name, " ") for name in header) for line in lines]
    return "".join(f"{line}\n" for line in ["\t".join(header), *cells])


def sales_report(
    folder: Path, *rows: Row, day: date = DAY, last: date | None = None, vendor: str = VENDOR, name: str = "",
    header: Sequence[str] = SALES_2020, packed: bool = False,
) -> Path:  # fmt: skip
    """A daily report, or one up to `last`, under Apple's name for it."""
    text = sales_text(rows, day, last or day, header).encode()
    name = name or sales_name(day, last or day, vendor)
    return write(folder, f"{name}.gz" if packed else name, gzip.compress(text, mtime=0) if packed else text)


def sales_name(first: date, last: date, vendor: str = VENDOR) -> str:
    """`S_D_80000001_20261012.txt`; a week is called by its last day, a month by its number."""
    if first == last:
        return f"S_D_{vendor}_{first:%Y%m%d}.txt"
    return f"S_W_{vendor}_{last:%Y%m%d}.txt" if (last - first).days == 6 else f"S_M_{vendor}_{first:%Y%m}.txt"


def earning(
    quantity: int = 2,
    share: str = "3.50",
    currency: str = "CHF",
    country: str = "CH",
    *,
    extended: str = "",
    **columns: str,
) -> dict[str, str]:
    """A row of a finance report; returns have a negative quantity. `extended` is quantity x share unless given."""
    row = {
        "Vendor Identifier": "notes.pro", "SKU": "notes.pro", "Quantity": str(quantity), "Partner Share": share,
        "Extended Partner Share": extended or str(quantity * Decimal(share)), "Partner Share Currency": currency,
        "Sales or Return": "R" if quantity < 0 else "S", "Sale or Return": "R" if quantity < 0 else "S",
        "Apple Identifier": "1500000101", "Artist/Show/Developer/Author": "Acme", "Title": "Notes Pro",
        "Product Type Identifier": "IAY", "Country Of Sale": country, "Country of Sale": country,
        "Customer Price": "5.00", "Customer Currency": currency,
    }  # fmt: skip
    return row | {name.replace("_", " "): value for name, value in columns.items()}


def region_report(
    folder: Path,
    region: str,
    *rows: Row,
    month: tuple[date, date] = SEPTEMBER,
    vendor: str = VENDOR,
    label: str = "0926",
    stated: str | None = None,
    name: str = "",
) -> Path:
    """A FINANCIAL report of one region with its totals; `stated` is another Total_Amount than the rows make."""
    days = {"Start Date": f"{month[0]:%m/%d/%Y}", "End Date": f"{month[1]:%m/%d/%Y}"}
    lines = ["\t".join((dict(row) | days).get(cell, "") for cell in FINANCIAL) for row in rows]
    amount = sum((Decimal(row["Extended Partner Share"]) for row in rows), Decimal(0))
    units = sum(int(row["Quantity"]) for row in rows)
    footer = [f"Total_Rows\t{len(rows)}", f"Total_Amount\t{stated or amount}", f"Total_Units\t{units}"]
    if len({row["Partner Share Currency"] for row in rows}) > 1:
        del footer[1]  # amounts of several currencies have no total
    text = "".join(f"{line}\n" for line in ["\t".join(FINANCIAL), *lines, *footer])
    return write(folder, name or f"{vendor}_{label}_{region}.txt", text.encode())


def detail_report(folder: Path, *rows: Row, month: tuple[date, date] = SEPTEMBER, vendor: str = VENDOR) -> Path:
    """A FINANCE_DETAIL report: three key lines, the header, rows that end with a tab more."""
    days = {"Transaction Date": f"{month[0]:%m/%d/%Y}", "Settlement Date": f"{month[1]:%m/%d/%Y}"}
    head = [
        "Vendor Name\tAcme",
        f"Start Date\t{month[0]:%m/%d/%Y}",
        f"End Date\t{month[1]:%m/%d/%Y}",
        "\t".join(DETAIL),
    ]
    lines = ["\t".join((dict(row) | days).get(cell, "") for cell in DETAIL) + "\t" for row in rows]
    return write(folder, f"FD_{vendor}_0926.txt", "".join(f"{line}\n" for line in [*head, *lines]).encode())


def payments_export(
    folder: Path, earned: Mapping[str, str], *, units: Mapping[str, int] | None = None, label: str = "September, 2026",
    name: str = "financial_report.csv",
) -> Path:  # fmt: skip
    """Payments and Financial Reports, settled: `earned` by row label such as `Switzerland (CHF)`. Rates are 0.5."""
    rows = []
    for region, amount in earned.items():
        sold = (units or {}).get(region, 1)
        paid = (Decimal(amount) * Decimal("0.5")).quantize(Decimal("0.01"))
        rows.append(f'{region},"{sold}","{amount}","{amount}","0","0","0","{amount}","0.50000","{paid}","EUR",')
    head = [
        f'"iTunes Connect - Payments and Financial Reports\t({label})",,,,,,,,,,,,', ",,,,,,,,,,,,",
        "Country or Region (Currency),Units Sold,Earned,Pre-Tax Subtotal,Input Tax,Adjustments,"
        "Withholding Tax,Total Owed,Exchange Rate,Proceeds,Bank Account Currency,",
    ]  # fmt: skip
    return write(folder, name, "".join(f"{line}\n" for line in [*head, *rows]).encode())


def metric_export(
    folder: Path, values: Mapping[date, int | str], *, metric: str = "App Units", app: str = "Acme Notes",
    name: str = "metric.csv", filters: Sequence[str] = (),
) -> Path:  # fmt: skip
    """An App Analytics metric over days; a value of '-' is one that the console does not tell."""
    first, last = min(values), max(values)
    days = [f"{_short(day)},{_decimal(value)}" for day, value in sorted(values.items())]
    lines = [
        f"Name,{app}",
        f"Start Date,{_short(first)}",
        f"End Date,{_short(last)}",
        *filters,
        "",
        f"Date,{metric}",
        *days,
    ]
    return write(folder, name, "\n".join(lines).encode())


def _short(day: date) -> str:
    return f"{day.month}/{day.day}/{day:%y}"


def _decimal(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value}.0"


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path
