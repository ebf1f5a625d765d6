from __future__ import annotations

import pytest

from tests.console.given import refused


def test_it_names_line_delimiter_encoding_and_columns_of_what_it_saw() -> None:
    refusal = refused("\nitem;price;stock\npen;1;2\n", "shop.csv")

    assert (refusal.file, refusal.line) == ("shop.csv", 2)
    assert refusal.seen == "the first line 'item;price;stock' (3 columns cut at semicolon, utf-8)"
    assert "financial_report.csv" in refusal.do


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("\n \n", "a file without any text"),
        (
            "Provider Provider Country SKU Developer Title\nAPPLE US pen ACME Boats\n",
            "a sales report whose tabs have become blanks, so its cells cannot be told apart",
        ),
        (
            "Start Date End Date UPC ISRC/ISBN Vendor Identifier\n08/31/2014 09/27/2014 pen\n",
            "a finance report whose tabs have become blanks, so its cells cannot be told apart",
        ),
        (
            "ISO Country Code,State,Tax Exclusive Amount,Tax Rate,# of Transactions\nUS,CA,1.00,0.07,3\n",
            "a Transaction Tax report (kind T), which the API does not offer",
        ),
        (
            "Name,Boats\nStart Date,3/3/25\nEnd Date,3/4/25\n\nDate,Active Plans\n3/3/25,1.0\n",
            "a Subscriptions view of App Analytics (kind U)",
        ),
        (
            "Date,Boats,Kites\n3/3/25,1,2\n",
            "a table of days without lines above it: a graph of Sales and Trends (kind S), or an App "
            "Analytics export whose first lines were deleted",
        ),
    ],
)
def test_it_says_by_name_what_it_knows_but_cannot_read(content: str, seen: str) -> None:
    assert refused(content).seen == seen


def test_it_quotes_only_the_beginning_of_a_long_line() -> None:
    assert len(refused("x" * 100_000).seen) < 200
