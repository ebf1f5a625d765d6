"""Apple's report files as data: columns, header generations; and the match of a header with them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

RENAMED_CUTOFF = 0.6
MAX_COLUMNS = 500


class Cell(Enum):
    """How the cells of a column are read."""

    TEXT = "text"
    NUMBER = "number"
    REQUIRED_NUMBER = "number that must not be blank"
    DAY = "day"
    DAY_OR_BLANK = "day or blank"
    APPLE_ID = "Apple identifier"
    IDENTIFIER = "identifier that is kept as text"
    CURRENCY = "currency code"
    RETURN_FLAG = "S or R"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a layout: its name in the table and the folded header names that Apple has used.

    `longest`: the most characters that a cell may have, for texts that name apps and figures.
    """

    target: str
    cell: Cell
    headers: tuple[str, ...]
    required: bool = False
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """One historic form of the header: known by `marks`, of which any is enough; newest first in a layout."""

    name: str
    marks: frozenset[str]
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """One report type.

    `kept` are known header names without a column of their own; their values go to `extra`. `preamble` names
    the key lines before the header. `trailing_cell`: rows may end with one empty cell more than the header.
    """

    kind: str
    columns: tuple[Column, ...]
    kept: frozenset[str]
    generations: tuple[Generation, ...]
    copy_columns: tuple[str, ...]
    preamble: tuple[str, ...] = ()
    trailing_cell: bool = False
    totals: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """Column names of the layout in the table."""
        return tuple(column.target for column in self.columns)


def fold(header: str) -> str:
    """A header name without case, blanks and punctuation: `Sales or Return` and `SALES_OR_RETURN` are one."""
    return "".join(sign for sign in header.casefold() if sign.isalnum())


# Far above what Apple allows (100 characters for a SKU, two letters for a country); one of each together fit into one
# entry of an index.
LONGEST = {"sku": 255, "parent_identifier": 255, "country": 40, "product_type": 40, "device": 40}


def _column(target: str, cell: Cell, *headers: str, required: bool = False) -> Column:
    return Column(target, cell, tuple(fold(header) for header in headers), required, LONGEST.get(target))


def _folded(*headers: str) -> frozenset[str]:
    return frozenset(fold(header) for header in headers)


# Headers of real files of 2009, 2011, 2015 and 2020.
SALES_COLUMNS = (
    _column("provider", Cell.TEXT, "Provider"),
    _column("provider_country", Cell.TEXT, "Provider Country"),
    _column("sku", Cell.TEXT, "SKU", "Vendor Identifier", required=True),
    _column("developer", Cell.TEXT, "Developer", "Artist / Show"),
    _column("title", Cell.TEXT, "Title", "Title / Episode / Season", required=True),
    _column("version", Cell.TEXT, "Version"),
    _column("product_type", Cell.TEXT, "Product Type Identifier", required=True),
    _column("units", Cell.REQUIRED_NUMBER, "Units", required=True),
    _column(
        "developer_proceeds",
        Cell.NUMBER,
        "Developer Proceeds",
        "Developer Proceeds (per unit)",
        "Royalty Price",
        required=True,
    ),
    _column("day", Cell.DAY, "Begin Date", required=True),
    _column("end_day", Cell.DAY, "End Date", required=True),
    _column("customer_currency", Cell.CURRENCY, "Customer Currency", required=True),
    _column("country", Cell.TEXT, "Country Code", required=True),
    _column("proceeds_currency", Cell.CURRENCY, "Currency of Proceeds", "Royalty Currency", required=True),
    _column("apple_id", Cell.APPLE_ID, "Apple Identifier", required=True),
    _column("customer_price", Cell.NUMBER, "Customer Price", required=True),
    _column("promo_code", Cell.TEXT, "Promo Code"),
    _column("parent_identifier", Cell.TEXT, "Parent Identifier", required=True),
    _column("subscription", Cell.TEXT, "Subscription"),
    _column("period", Cell.TEXT, "Period"),
    _column("category", Cell.TEXT, "Category"),
    _column("cmb", Cell.TEXT, "CMB"),
    _column("device", Cell.TEXT, "Device"),
    _column("supported_platforms", Cell.TEXT, "Supported Platforms"),
    _column("proceeds_reason", Cell.TEXT, "Proceeds Reason"),
    _column("preserved_pricing", Cell.TEXT, "Preserved Pricing"),
    _column("client", Cell.TEXT, "Client"),
    _column("order_type", Cell.TEXT, "Order Type"),
)
SALES_2009_ONLY = _folded(
    "UPC",
    "ISRC",
    "Label/Studio/Network",
    "Preorder",
    "Season Pass",
    "ISAN",
    "CMA",
    "Asset/Content Flavor",
    "Vendor Offer Code",
    "Grid",
)
SALES_2011 = frozenset(column.target for column in SALES_COLUMNS[:20])
SALES_2009 = SALES_2011 - {"version", "subscription", "period"}
SALES_2015 = SALES_2011 | {"category", "cmb"}
SALES_2020 = frozenset(column.target for column in SALES_COLUMNS)

SALES_COPY_COLUMNS = (
    "id",
    "day",
    *(column.target for column in SALES_COLUMNS if column.target != "day"),
    "extra",
)

SALES = Layout(
    kind="SALES",
    columns=SALES_COLUMNS,
    kept=SALES_2009_ONLY,
    generations=(
        Generation("2020", _folded("Device", "Client", "Order Type", "Preserved Pricing"), SALES_2020),
        Generation("2015", _folded("Category", "CMB"), SALES_2015),
        Generation("2009", _folded("Royalty Price", "Season Pass"), SALES_2009),
        Generation("2011", frozenset(), SALES_2011),
    ),
    copy_columns=SALES_COPY_COLUMNS,
)

# Columns that the two finance reports share under the same names.
QUANTITY = _column("quantity", Cell.REQUIRED_NUMBER, "Quantity", required=True)
PARTNER_SHARE = _column("partner_share", Cell.REQUIRED_NUMBER, "Partner Share", required=True)
EXTENDED = _column("extended_partner_share", Cell.REQUIRED_NUMBER, "Extended Partner Share", required=True)
CURRENCY = _column("currency", Cell.CURRENCY, "Partner Share Currency", required=True)
RETURN_FLAG = _column("sales_or_return", Cell.RETURN_FLAG, "Sales or Return", "Sale or Return", required=True)
APPLE_ID = _column("apple_id", Cell.APPLE_ID, "Apple Identifier", required=True)
TITLE = _column("title", Cell.TEXT, "Title", required=True)
PRODUCT_TYPE = _column("product_type", Cell.TEXT, "Product Type Identifier", required=True)
COUNTRY = _column("country", Cell.TEXT, "Country Of Sale", "Region Of Sale", "Country or Region of Sale", required=True)
PROMO_CODE = _column("promo_code", Cell.TEXT, "Promo Code")
CUSTOMER_PRICE = _column("customer_price", Cell.NUMBER, "Customer Price", required=True)
CUSTOMER_CURRENCY = _column("customer_currency", Cell.CURRENCY, "Customer Currency", required=True)

# Header of region files of 2012 and 2014; a re-saved file of 2023 has `Region Of Sale`.
FINANCIAL_COLUMNS = (
    _column("start_day", Cell.DAY, "Start Date", required=True),
    _column("end_day", Cell.DAY, "End Date", required=True),
    _column("sku", Cell.TEXT, "Vendor Identifier", required=True),
    QUANTITY,
    PARTNER_SHARE,
    EXTENDED,
    CURRENCY,
    RETURN_FLAG,
    APPLE_ID,
    _column("developer", Cell.TEXT, "Artist/Show/Developer/Author", "Artist/Show/Developer"),
    TITLE,
    PRODUCT_TYPE,
    COUNTRY,
    _column("preorder_flag", Cell.TEXT, "Pre-order Flag"),
    PROMO_CODE,
    CUSTOMER_PRICE,
    CUSTOMER_CURRENCY,
)
FINANCE_COPY_COLUMNS = (
    "id",
    "start_day",
    "end_day",
    "transaction_day",
    "settlement_day",
    "sku",
    "quantity",
    "partner_share",
    "extended_partner_share",
    "currency",
    "sales_or_return",
    "apple_id",
    "developer",
    "title",
    "product_type",
    "country",
    "preorder_flag",
    "promo_code",
    "customer_price",
    "customer_currency",
    "order_type",
    "province",
    "extra",
)

FINANCIAL = Layout(
    kind="FINANCIAL",
    columns=FINANCIAL_COLUMNS,
    kept=_folded("UPC", "ISRC/ISBN", "Label/Studio/Network/Developer/Publisher", "Grid", "ISAN/Other Identifier"),
    generations=(Generation("2012", frozenset(), frozenset(column.target for column in FINANCIAL_COLUMNS)),),
    copy_columns=FINANCE_COPY_COLUMNS,
    totals=True,
)

# Header of a Z1 file of November 2025: three key lines before it, and rows that end with a tab.
DETAIL_COLUMNS = (
    _column("transaction_day", Cell.DAY, "Transaction Date", required=True),
    _column("settlement_day", Cell.DAY, "Settlement Date", required=True),
    APPLE_ID,
    _column("sku", Cell.TEXT, "SKU", required=True),
    TITLE,
    _column("developer", Cell.TEXT, "Developer Name"),
    PRODUCT_TYPE,
    COUNTRY,
    QUANTITY,
    PARTNER_SHARE,
    EXTENDED,
    CURRENCY,
    CUSTOMER_PRICE,
    CUSTOMER_CURRENCY,
    RETURN_FLAG,
    PROMO_CODE,
    _column("order_type", Cell.TEXT, "Order Type"),
    _column("province", Cell.TEXT, "Region"),
)
FINANCE_DETAIL = Layout(
    kind="FINANCE_DETAIL",
    columns=DETAIL_COLUMNS,
    kept=frozenset(),
    generations=(Generation("2025", frozenset(), frozenset(column.target for column in DETAIL_COLUMNS)),),
    copy_columns=FINANCE_COPY_COLUMNS,
    preamble=("vendorname", "startdate", "enddate"),
    trailing_cell=True,
    totals=True,
)

LAYOUTS = (SALES, FINANCIAL, FINANCE_DETAIL)


class HeaderProblem(ValueError):
    """A header that is plainly of a known report and yet cannot be used; the message says what was seen."""


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """Which cell of a line holds which column.

    `positions`: target to cell index. `kept`: header as written to cell index, for `extra`. `unknown`: the
    headers among these that no layout knows. `missing`: optional columns of this generation that are absent.
    """

    layout: Layout
    generation: str
    width: int
    positions: Mapping[str, int]
    headers: tuple[str, ...]
    kept: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def header_of(self, target: str) -> str:
        """The header as written in the file, for messages."""
        return self.headers[self.positions[target]]


def likeness(header: Sequence[str], layout: Layout) -> float:
    """Share of the layout's required columns whose name stands in the header."""
    folded = {fold(cell) for cell in header}
    required = [column for column in layout.columns if column.required]
    return sum(not folded.isdisjoint(column.headers) for column in required) / len(required)


def match_header(header: Sequence[str], layout: Layout) -> HeaderMatch:
    """The match of a header line with a layout, by name in any order.

    Raises `HeaderProblem` for names that stand twice and for required columns that are missing, with the
    likely renamed one.
    """
    if len(header) > MAX_COLUMNS:
        raise HeaderProblem(f"{len(header)} columns (at most {MAX_COLUMNS} are read)")
    cells = tuple(cell.strip() for cell in header)
    folded = [fold(cell) for cell in cells]
    _refuse_duplicates(cells, folded)
    by_name = {name: column.target for column in layout.columns for name in column.headers}
    positions, kept, unknown = _assign(cells, folded, by_name, layout)
    missing = [column for column in layout.columns if column.target not in positions]
    _refuse_missing([column for column in missing if column.required], unknown)
    generation = _generation(folded, layout)
    absent = tuple(column.target for column in missing if column.target in generation.columns)
    return HeaderMatch(layout, generation.name, len(cells), positions, cells, kept, tuple(unknown), absent)


def _refuse_duplicates(cells: Sequence[str], folded: Sequence[str]) -> None:
    counts = Counter(name for name in folded if name)
    twice = [cell for cell, name in zip(cells, folded, strict=True) if counts[name] > 1]
    if twice:
        raise HeaderProblem(f"column names that stand twice: {', '.join(twice)}")


def _assign(
    cells: Sequence[str], folded: Sequence[str], by_name: Mapping[str, str], layout: Layout
) -> tuple[dict[str, int], dict[str, int], list[str]]:
    positions: dict[str, int] = {}
    kept: dict[str, int] = {}
    unknown: list[str] = []
    for index, (cell, name) in enumerate(zip(cells, folded, strict=True)):
        target = by_name.get(name)
        if target in positions:
            raise HeaderProblem(f"two columns for the same value: {cells[positions[target]]}, {cell}")
        if target is not None:
            positions[target] = index
            continue
        kept[cell or f"column {index + 1}"] = index
        if name and name not in layout.kept:
            unknown.append(cell)
    return positions, kept, unknown


def _refuse_missing(missing: Sequence[Column], unknown: Sequence[str]) -> None:
    if not missing:
        return
    folded = {fold(cell): cell for cell in unknown}
    problems = []
    for column in missing:
        close = difflib.get_close_matches(column.headers[0], folded, n=1, cutoff=RENAMED_CUTOFF)
        renamed = f" (looks renamed: {folded[close[0]]})" if close else ""
        problems.append(f"{column.target.replace('_', ' ')}{renamed}")
    raise HeaderProblem(f"missing columns: {', '.join(problems)}")


def _generation(folded: Sequence[str], layout: Layout) -> Generation:
    present = frozenset(folded)
    marked = (each for each in layout.generations if each.marks & present)
    return next(marked, layout.generations[-1])
