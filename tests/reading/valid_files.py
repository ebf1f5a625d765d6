"""Valid files of every kind that the product reads, with random values: what the mutations start from.

Written from Apple's layouts as literals of their own; nothing is taken from the product.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.make_files import (
    DETAIL,
    FINANCIAL,
    SALES_2009,
    SALES_2011,
    SALES_2015,
    SALES_2020,
    SEPTEMBER,
    earning,
    sale,
    sales_text,
)

DAY = date(2026, 10, 12)
#: Currency, country, prices per unit, and how the console calls the region.
MARKETS = {
    "USD": ("US", ["3.49", "0.7", "1.05"], "Americas"),
    "JPY": ("JP", ["490", "70"], "Japan"),
    "EUR": ("DE", ["2.94", "10.5"], "Euro-Zone"),
    "CHF": ("CH", ["3.50", "7"], "Switzerland"),
    "MXN": ("MX", ["35", "119.5"], "Mexico"),
}
TITLES = ["Notes Pro", "Müsli Planner", "Numbers, Lists; More", 'The 5" Ruler', "Übung macht Spaß"]
SKUS = ["notes.pro", "notes.pro.yearly", "PUZZLE", "puzzle.coins.100"]
SALES_HEADERS = {"2009": SALES_2009, "2011": SALES_2011, "2015": SALES_2015, "2020": SALES_2020}


@dataclass(frozen=True)
class ValidFile:
    """A file, the command that reads it, and with which options. `family` says how a plain reader reads it."""

    kind: str
    family: str
    name: str
    data: bytes
    delimiter: str
    command: str
    options: tuple[str, ...] = field(default=())


def sales_rows(rng: Random) -> list[dict[str, str]]:
    return [_sale(rng) for _ in range(rng.randint(1, 12))]


def _sale(rng: Random) -> dict[str, str]:
    currency = rng.choice(sorted(MARKETS))
    country, prices, _ = MARKETS[currency]
    units = rng.choice([-1, 1, 1, 2, 3, 12, 250])
    price = rng.choice(["4.99", "0", "700"])
    return sale(
        units, rng.choice([*prices, "0"]), currency, country,
        product=rng.choice(SKUS), price=f"-{price}" if units < 0 and price != "0" else price, Title=rng.choice(TITLES),
    )  # fmt: skip


def _sales_file(rng: Random, generation: str, command: str, kind: str) -> ValidFile:
    text = sales_text(sales_rows(rng), DAY, DAY, SALES_HEADERS[generation])
    return ValidFile(kind, "sales", "S_D_80000001_20261012.txt", text.encode(), "\t", command)


def _earnings(rng: Random, currencies: Sequence[str]) -> list[dict[str, str]]:
    rows = []
    for _ in range(rng.randint(1, 10)):
        currency = rng.choice(currencies)
        country, prices, _ = MARKETS[currency]
        quantity = rng.choice([-1, 1, 2, 3, 40])
        rows.append(earning(quantity, rng.choice(prices), currency, country, Title=rng.choice(TITLES)))
    return rows


def _table(rows: Sequence[dict[str, str]], country: str) -> list[str]:
    """The second table, by country and currency, of a consolidated file."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for row in rows:
        part = sums.setdefault((row["Country Of Sale"], row["Partner Share Currency"]), [Decimal(0), Decimal(0)])
        part[0] += Decimal(row["Quantity"])
        part[1] += Decimal(row["Extended Partner Share"])
    head = f"{country}\tPartner Share Currency\tQuantity\tExtended Partner Share"
    return [head, *(f"{c}\t{cur}\t{part[0]}\t{part[1]:f}" for (c, cur), part in sorted(sums.items()))]


def _region_file(rng: Random, command: str, kind: str, *, consolidated: bool) -> ValidFile:
    rows = _earnings(rng, sorted(MARKETS) if consolidated else ["CHF"])
    days = {"Start Date": f"{SEPTEMBER[0]:%m/%d/%Y}", "End Date": f"{SEPTEMBER[1]:%m/%d/%Y}"}
    lines = ["\t".join(FINANCIAL), *("\t".join((row | days).get(n, "") for n in FINANCIAL) for row in rows)]
    amount = sum((Decimal(row["Extended Partner Share"]) for row in rows), Decimal(0))
    units = sum(int(row["Quantity"]) for row in rows)
    totals = [f"Total_Rows\t{len(rows)}"]
    totals += _table(rows, "Country Of Sale") if consolidated else [f"Total_Amount\t{amount}", f"Total_Units\t{units}"]
    name = f"80000001_0926_{'ZZ' if consolidated else 'CH'}.txt"
    return ValidFile(kind, "financial", name, _lines([*lines, *totals]), "\t", command)


def _detail_file(rng: Random, command: str, kind: str) -> ValidFile:
    rows = _earnings(rng, sorted(MARKETS))
    lines = ["Vendor Name\tAcme", f"Start Date\t{SEPTEMBER[0]:%m/%d/%Y}", f"End Date\t{SEPTEMBER[1]:%m/%d/%Y}"]
    lines.append("\t".join(DETAIL))
    for row in rows:
        settled = SEPTEMBER[0] + timedelta(days=rng.randint(0, 27))
        days = {"Transaction Date": f"{settled:%m/%d/%Y}", "Settlement Date": f"{settled:%m/%d/%Y}"}
        lines.append("\t".join((row | days).get(n, "") for n in DETAIL) + "\t")
    return ValidFile(kind, "detail", "FD_80000001_0926.txt", _lines([*lines, *_table(rows, "Country Of Sale")]),
                     "\t", command)  # fmt: skip


def _metric_file(rng: Random, kind: str) -> ValidFile:
    german, members = kind.endswith("de"), kind.startswith("A2")
    first, count = date(2026, rng.randint(1, 9), rng.randint(1, 28)), rng.randint(3, 40)
    days = [first + timedelta(days=n) for n in range(count)]
    metric = rng.choice(["Total Downloads", "Sessions", "Product Page Views", "Active Devices"])
    headings = [f"App Store Search {metric}", f"Web Referrer {metric}"] if members else [metric]
    words = ("Startdatum", "Enddatum", "Datum") if german else ("Start Date", "End Date", "Date")
    written = [f"{d:%d.%m.%y}" if german else f"{d.month}/{d.day}/{d:%y}" for d in days]
    app = rng.choice(["Acme Notes", "Freeze Debt", '"Lists, Notes"'])
    lines = [
        f"Name,{app}",
        f"{words[0]},{written[0]}",
        f"{words[1]},{written[-1]}",
        "",
        ",".join([words[2], *headings]),
    ]
    lines += [",".join([day, *(_count(rng, german) for _ in headings)]) for day in written]
    return ValidFile(kind, "metric", "metric.csv", "\n".join(lines).encode(), ",", "import_export")


def _count(rng: Random, german: bool) -> str:
    return "-" if german and rng.random() < 0.1 else f"{rng.choice([0, 1, 7, 38, 255, 5255])}.0"


PAYMENT_COLUMNS = {
    "settled": "Units Sold,Earned,Pre-Tax Subtotal,Input Tax,Adjustments,Withholding Tax,Total Owed,Exchange Rate,"
    "Proceeds",
    "settled with balance": "Units Sold,Balance,Earned,Pre-Tax Subtotal,Input Tax,Adjustments,Withholding Tax,"
    "Total Owed,Exchange Rate,Proceeds",
    "pending": "Units Sold,Earned,Input Tax,Adjustments,Withholding Tax,Total Owed,Proceeds",
    "pending with balance": "Units Sold,Balance,Earned,Input Tax,Adjustments,Withholding Tax,Total Owed,Proceeds",
}


def _money(rng: Random, currency: str) -> Decimal:
    return Decimal(rng.randint(1, 300000)) if currency == "JPY" else Decimal(rng.randint(1, 300000)) / 100


def payment_row(rng: Random, currency: str) -> dict[str, Decimal]:
    """One region: the sums that a row states about itself hold."""
    earned, tax = _money(rng, currency), rng.choice([Decimal(0), Decimal(1), Decimal(3)])
    balance, held = rng.choice([Decimal(0), _money(rng, currency)]), rng.choice([Decimal(0), Decimal(-1)])
    rate = Decimal(rng.randint(1, 150000)) / 100000
    owed = balance + earned + tax + held
    return {"Units Sold": Decimal(rng.randint(1, 900)), "Balance": balance, "Earned": earned,
            "Pre-Tax Subtotal": balance + earned, "Input Tax": tax, "Adjustments": Decimal(0), "Withholding Tax": held,
            "Total Owed": owed, "Exchange Rate": rate, "Proceeds": (owed * rate).quantize(Decimal("0.01"))}  # fmt: skip


def _without_balance(row: dict[str, Decimal]) -> dict[str, Decimal]:
    less = row["Balance"]
    owed = row["Total Owed"] - less
    return row | {"Pre-Tax Subtotal": row["Earned"], "Total Owed": owed,
                  "Proceeds": (owed * row["Exchange Rate"]).quantize(Decimal("0.01"))}  # fmt: skip


def _payment_block(rng: Random, layout: str, *, paid: bool) -> list[str]:
    columns = PAYMENT_COLUMNS[layout].split(",")
    lines = [f"Country or Region (Currency),{PAYMENT_COLUMNS[layout]},Bank Account Currency,"]
    total = Decimal(0)
    for currency in rng.sample(sorted(MARKETS), rng.randint(1, len(MARKETS))):
        row = payment_row(rng, currency)
        row = row if "Balance" in columns else _without_balance(row)
        total += row["Proceeds"]
        cells = ",".join(f'"{row[column]:f}"' for column in columns)
        lines.append(f'{MARKETS[currency][2]} ({currency}),{cells},"EUR",')
    commas = "," * (len(columns) + 1)
    lines += ["," * (len(columns) + 3), f'{commas[:-1]},"{total:,}" EUR,,']
    return [*lines, f"{commas}Paid to EXAMPLE BANK -****4711,,"] if paid else lines


def _payments_file(rng: Random, layout: str, blocks: int = 1) -> ValidFile:
    lines = ['"iTunes Connect - Payments and Financial Reports\t(September, 2026)",,,,,,,,,,,,', ",,,,,,,,,,,,"]
    for number in range(blocks):
        lines += [*_payment_block(rng, layout, paid=layout.startswith("settled") and number == 0), ",,,,,,,,,,,,"]
    kind = f"P {layout}" if blocks == 1 else "P two blocks"
    return ValidFile(kind, "payments", "financial_report.csv", _lines(lines), ",", "import_export")


def _pasted_file(rng: Random) -> ValidFile:
    order = ["Balance", "Earned", "Pre-Tax Subtotal", "Withholding Tax", "Input Tax", "Adjustments", "Total Owed",
             "Exchange Rate", "Proceeds"]  # fmt: skip
    lines = []
    for currency in rng.sample(sorted(MARKETS), rng.randint(2, len(MARKETS))):
        row = payment_row(rng, currency)
        lines.append("\t ".join([currency, *(f"{row[name]:f}" for name in order)]) + "\tEUR")
    return ValidFile("P pasted", "pasted", "table.txt", _lines(lines), "\t", "import_export",
                     ("--fiscal-month", "2026-12"))  # fmt: skip


def _lines(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


MAKERS: dict[str, Callable[[Random], ValidFile]] = {
    **{
        f"sales {generation}": lambda rng, g=generation: _sales_file(rng, g, "load_report", f"sales {g}")  # type: ignore[misc]
        for generation in SALES_HEADERS
    },
    "FINANCIAL": lambda rng: _region_file(rng, "load_report", "FINANCIAL", consolidated=False),
    "FINANCIAL ZZ": lambda rng: _region_file(rng, "load_report", "FINANCIAL ZZ", consolidated=True),
    "FINANCE_DETAIL": lambda rng: _detail_file(rng, "load_report", "FINANCE_DETAIL"),
    "A1": lambda rng: _metric_file(rng, "A1"),
    "A1 de": lambda rng: _metric_file(rng, "A1 de"),
    "A2": lambda rng: _metric_file(rng, "A2"),
    **{
        f"P {layout}": lambda rng, name=layout: _payments_file(rng, name)  # type: ignore[misc]
        for layout in PAYMENT_COLUMNS
    },
    "P two blocks": lambda rng: _payments_file(rng, "settled", blocks=2),
    "P pasted": _pasted_file,
    "F1": lambda rng: _region_file(rng, "import_export", "F1", consolidated=rng.random() < 0.5),
    "F2": lambda rng: _detail_file(rng, "import_export", "F2"),
    "R": lambda rng: _sales_file(rng, rng.choice(sorted(SALES_HEADERS)), "import_export", "R"),
}


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
