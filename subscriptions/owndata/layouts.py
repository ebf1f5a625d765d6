"""The four kinds of own data: their columns, what stands in them, and an example of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from reports.ingest.layouts import Cell, Column, Generation, Layout, fold


class Content(Enum):
    """How the cells of a column are read."""

    TOKEN = "app account token"  # noqa: S105  (what a column holds)
    ORIGINAL = "original transaction ID"
    PRODUCT = "product ID"
    STOREFRONT = "storefront"
    CURRENCY = "currency"
    PRICE = "price"
    SINCE = "moment, a day from its beginning"
    UNTIL = "moment, a day to its end"
    DAY = "day"


@dataclass(frozen=True)
class OwnColumn:
    """One column: its name in the template, other names that are understood, what it holds.

    `column_required`: the file must have the column. `required`: no cell of it may be empty. `field`: its name in the
    table, where that is another one.
    """

    name: str
    content: Content
    help: str
    examples: tuple[str, str]
    also: tuple[str, ...] = ()
    required: bool = True
    column_required: bool = True
    field: str = ""


@dataclass(frozen=True)
class OwnLayout:
    """One kind of own data and the table that its rows go to. `one_of`: of these sets of columns one must be there,
    and in each row one must be filled.
    """

    kind: str
    table: str
    columns: tuple[OwnColumn, ...]
    one_of: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def as_read(self) -> Layout:
        """The same for the reader of report files, which finds columns by name in any order."""
        columns = tuple(
            Column(each.name, Cell.TEXT, tuple(map(fold, (each.name, *each.also))), each.column_required, LONGEST)
            for each in self.columns
        )
        generation = Generation("", frozenset(), frozenset())
        return Layout(
            self.kind,
            columns,
            frozenset(),
            (generation,),
            ("id", "upload_id", *(each.field or each.name for each in self.columns)),
        )

    def template(self) -> str:
        """A CSV file with the names of the columns and two rows as an example."""
        rows = [self.names, *zip(*(column.examples for column in self.columns), strict=True)]
        return "".join(",".join(row) + "\r\n" for row in rows)


LONGEST = 200
ONE, TWO = "6f1c2a54-9b1e-4c58-8a52-0d5a7f3e9b10", "0b8f9d2e-71c4-4a0b-9d3f-2f6f4c1d7e85"
TOKEN = OwnColumn(
    "app_account_token",
    Content.TOKEN,
    "The UUID that your app gives to StoreKit as appAccountToken, not an e-mail address or a name.",
    (ONE, TWO),
    ("token", "account_token"),
    field="token",
)
ORIGINAL = OwnColumn(
    "original_transaction_id",
    Content.ORIGINAL,
    "Apple's original transaction ID, all digits.",
    ("2000001024993299", "2000001024995514"),
    ("original_id",),
    field="original_id",
)
PRODUCT = OwnColumn(
    "product_id",
    Content.PRODUCT,
    "The product ID as in App Store Connect.",
    ("pro.monthly", "pro.yearly"),
    ("product",),
)


def _optional(column: OwnColumn, help_text: str, examples: tuple[str, str]) -> OwnColumn:
    return OwnColumn(column.name, column.content, help_text, examples, column.also, False, False, column.field)


USERS = OwnLayout("users", "subscriptions_loginrow", (TOKEN,))
ENTITLEMENTS = OwnLayout(
    "entitlements",
    "subscriptions_entitlementrow",
    (
        _optional(TOKEN, "Who has access: the UUID that your app gives to StoreKit as appAccountToken.", (ONE, "")),
        _optional(
            ORIGINAL, "Or, where no login is linked, the subscription that gives access.", ("", "2000001024995514")
        ),
        _optional(PRODUCT, "To what: a product ID as in App Store Connect. Needed with a token.", ("pro.monthly", "")),
        OwnColumn(
            "access_from", Content.SINCE, "Since when; empty: for as long as you know.", ("2026-10-01T09:30:00Z", ""),
            ("since", "from", "valid_from"), required=False, column_required=False, field="from_ms",
        ),
        OwnColumn(
            "access_until", Content.UNTIL, "Until when; empty: no end is set.", ("2026-12-01T09:30:00Z", "2026-12-24"),
            ("until", "valid_until"), required=False, field="until_ms",
        ),
    ),
    one_of=(("app_account_token", "product_id"), ("original_transaction_id",)),
)  # fmt: skip
PRICES = OwnLayout(
    "prices",
    "subscriptions_pricerow",
    (
        PRODUCT,
        OwnColumn(
            "storefront", Content.STOREFRONT, "Apple's three letters (USA, DEU); empty: every one with this currency.",
            ("USA", ""), required=False, column_required=False,
        ),
        OwnColumn("currency", Content.CURRENCY, "Three letters, such as USD.", ("USD", "EUR")),
        OwnColumn(
            "price", Content.PRICE, "What the customer pays, such as 9.99 or 300; at most three decimals.",
            ("9.99", "89.99"), ("customer_price", "amount"),
        ),
        OwnColumn(
            "valid_from", Content.DAY, "First day; empty: always was.", ("2026-01-01", ""), ("from", "since"),
            required=False, column_required=False,
        ),
        OwnColumn(
            "valid_until", Content.DAY, "Last day; empty: still is. Preserved prices overlap with the new one.",
            ("", "2027-03-31"), ("until",), required=False, column_required=False,
        ),
    ),
)  # fmt: skip
TOKEN_CHANGES = OwnLayout(
    "token_changes",
    "subscriptions_tokenchangerow",
    (
        ORIGINAL,
        OwnColumn(
            TOKEN.name, Content.TOKEN, "The token that was set.", TOKEN.examples, (*TOKEN.also, "new_token"),
            field="token",
        ),
        OwnColumn(
            "changed_at", Content.SINCE, "When you called Set App Account Token.",
            ("2026-11-02T14:05:00Z", "2026-11-03T08:00:00+01:00"), ("set_at", "at"), field="changed_ms",
        ),
    ),
)  # fmt: skip
LAYOUTS: Mapping[str, OwnLayout] = {each.kind: each for each in (USERS, ENTITLEMENTS, PRICES, TOKEN_CHANGES)}
