"""Figures of a sales report, whichever of its two tables they lie in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from reports.models import Figure
from tests.doors import told
from tests.make_files import sale, sales_report

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 20)


def figures(metric: str) -> list[tuple[str, str, Decimal]]:
    """Territory, currency and value of each figure."""
    found = Figure.objects.filter(metric=metric).order_by("member__dims__territory", "currency")
    return [(f.member.dims["territory"], f.currency, f.value) for f in found.select_related("member")]


def test_a_member_in_one_currency_has_one_figure_of_each_metric(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, sale(3, "2.10", "USD", "US"), sale(-1, "2.10", "USD", "US"), day=DAY))

    assert figures("units") == [("US", "", Decimal(2))]
    assert figures("rows") == [("US", "", Decimal(1))]
    assert figures("proceeds") == [("US", "USD", Decimal("4.20"))]


def test_a_member_in_two_currencies_has_its_units_together_and_its_proceeds_apart(tmp_path: Path) -> None:
    told(
        "load_report",
        sales_report(
            tmp_path,
            sale(3, "2.10", "USD", "CH"),
            sale(2, "1.05", "CHF", "CH"),
            sale(5, "0.70", "USD", "US"),
            day=DAY,
        ),
    )

    assert figures("units") == [("CH", "", Decimal(5)), ("US", "", Decimal(5))]
    assert figures("rows") == [("CH", "", Decimal(2)), ("US", "", Decimal(1))]
    assert figures("proceeds") == [
        ("CH", "CHF", Decimal("2.10")),
        ("CH", "USD", Decimal("6.30")),
        ("US", "USD", Decimal("3.50")),
    ]
    numbers = Figure.objects.values_list("vintage_id", "metric", "n")
    assert len(set(numbers)) == len(numbers)


def test_rows_without_sales_and_without_a_price_have_units_alone(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, sale(-2, "0", "USD", "US") | {"Customer Price": "0"}, day=DAY))

    assert [(f.metric, f.value) for f in Figure.objects.all()] == [("units", Decimal(-2))]


def test_a_refund_takes_from_sales_although_apple_writes_its_price_negative_too(tmp_path: Path) -> None:
    """Apple's field list: of a refund the units and the customer price are negative, the proceeds positive."""
    sold = sale(3, "2.10", "USD", "US") | {"Customer Price": "2.99"}
    refunded = sale(-1, "2.10", "USD", "US") | {"Customer Price": "-2.99"}

    told("load_report", sales_report(tmp_path, sold, refunded, day=DAY))

    assert figures("sales") == [("US", "USD", Decimal("5.98"))]


def test_amounts_are_exact_where_a_binary_fraction_has_no_more_digits(tmp_path: Path) -> None:
    rows = [sale(3, "999999999999.000001", "USD", "US"), sale(1, "0.000001", "USD", "US")]

    told("load_report", sales_report(tmp_path, *rows, day=DAY))

    assert figures("proceeds") == [("US", "USD", Decimal("2999999999997.000004"))]
