"""Day files as a big publisher gets them: a Summary Sales Report of 28 columns with invented values."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

COLUMNS = (
    "Provider", "Provider Country", "SKU", "Developer", "Title", "Version", "Product Type Identifier", "Units",
    "Developer Proceeds", "Begin Date", "End Date", "Customer Currency", "Country Code", "Currency of Proceeds",
    "Apple Identifier", "Customer Price", "Promo Code", "Parent Identifier", "Subscription", "Period", "Category",
    "CMB", "Device", "Supported Platforms", "Proceeds Reason", "Preserved Pricing", "Client", "Order Type",
)  # fmt: skip
VENDOR = "80000001"
DEVICES = ("iPhone", "iPad", "Desktop")
COUNTRIES = tuple(f"{a}{b}" for a in "ABCDEGIKLMNPSTU" for b in "ABEGILMRTU")
CURRENCIES = ("USD", "EUR", "JPY", "GBP", "CAD", "AUD", "CHF", "SEK", "INR", "BRL")
PRICES = ("0.99", "1.99", "2.99", "4.99", "9.99", "19.99", "49.99", "99.99")
PROCEEDS = ("0.69", "1.39", "2.09", "3.49", "6.99", "13.99", "34.99", "69.99")
PRODUCTS_PER_APP = 50
REFUNDS, LOST = 0.02, 0.002
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Day:
    """What is in a file: the rows name `members` (product, country, device), each of which may stand there again."""

    members: Ints
    units: Ints
    day: date

    def without(self, share: float, seed: int) -> Day:
        """The same day with a random share of its rows lost."""
        kept = np.random.default_rng(seed).random(len(self.members)) >= share
        return Day(self.members[kept], self.units[kept], self.day)

    @property
    def distinct(self) -> int:
        return len(np.unique(self.members))


def drawn_day(rows: int, members: int, day: date, seed: int) -> Day:
    """`rows` sales drawn from `members` possible ones: some stand there several times, some not at all."""
    random = np.random.default_rng(seed)
    return Day(random.integers(0, members, rows), _units(random, rows), day)


def distinct_day(rows: int, day: date, seed: int) -> Day:
    """`rows` sales of as many members, in random order: each row is a key."""
    random = np.random.default_rng(seed)
    return Day(random.permutation(rows), _units(random, rows), day)


def _units(random: np.random.Generator, rows: int) -> Ints:
    units = random.geometric(0.6, rows)
    return np.where(random.random(rows) < REFUNDS, -1, units)


def write_day(folder: Path, content: Day, *, plain: bool = False) -> Path:
    """The file under Apple's name, packed; with `plain` the text of it stays beside it."""
    path = folder / f"S_D_{VENDOR}_{content.day:%Y%m%d}.txt"
    options = pa_csv.WriteOptions(delimiter="\t", quoting_style="none", include_header=False)
    with path.open("wb") as file:
        file.write(("\t".join(COLUMNS) + "\n").encode())
        pa_csv.write_csv(_table(content), file, options)
    packed = path.with_name(f"{path.name}.gz")
    with path.open("rb") as text, gzip.open(packed, "wb", compresslevel=6) as target:
        shutil.copyfileobj(text, target, 1 << 20)
    if not plain:
        path.unlink()
    return packed


def _table(content: Day) -> pa.Table:
    members, refund = content.members, content.units < 0
    device = members % len(DEVICES)
    country = members // len(DEVICES) % len(COUNTRIES)
    product = members // (len(DEVICES) * len(COUNTRIES))
    is_app, price = product % PRODUCTS_PER_APP == 0, product % len(PRICES)
    app = product // PRODUCTS_PER_APP
    day = f"{content.day:%m/%d/%Y}"
    skus = [_sku(n) for n in range(int(product.max(initial=0)) + 1)]
    parents = [" ", *(f"APP{n}" for n in range(int(app.max(initial=0)) + 1))]
    prices = ["0", *PRICES, *(f"-{text}" for text in PRICES)]
    currency = taken(CURRENCIES, country % len(CURRENCIES))
    charged = np.where(is_app, 0, 1 + price + refund * len(PRICES))
    cells = {
        "SKU": taken(skus, product),
        "Title": taken([f"Title of {sku}" for sku in skus], product),
        "Version": taken((" ", "1.4.2"), is_app.astype(np.int64)),
        "Product Type Identifier": taken(("IAY", "1F"), is_app.astype(np.int64)),
        "Units": pa.array(content.units),
        "Developer Proceeds": taken(("0", *PROCEEDS), np.where(is_app, 0, 1 + price)),
        "Customer Currency": currency,
        "Country Code": taken(COUNTRIES, country),
        "Currency of Proceeds": currency,
        "Apple Identifier": pa.array(1_500_000_000 + product),
        "Customer Price": taken(prices, charged),
        "Parent Identifier": taken(parents, np.where(is_app, 0, 1 + app)),
        "Device": taken(DEVICES, device),
        "Subscription": taken(("New", "Renewal"), members % 2),
    }
    same = {
        "Provider": "APPLE", "Provider Country": "US", "Developer": "Acme Publishing", "Begin Date": day,
        "End Date": day, "Category": "Productivity", "Supported Platforms": "iOS", "Period": "1 Month",
    }  # fmt: skip
    rows = len(members)
    return pa.table({name: cells[name] if name in cells else pa.repeat(same.get(name, " "), rows) for name in COLUMNS})


def _sku(product: int) -> str:
    app, item = divmod(product, PRODUCTS_PER_APP)
    return f"com.acme.app{app}.item{item}" if item else f"APP{app}"


def taken(values: Sequence[str], index: Ints) -> pa.Array:
    """The value of each row, by its place in `values`."""
    return pa.array(values).take(pa.array(index))
