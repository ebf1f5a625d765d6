"""What holds for any rows: amounts are conserved from the rows to the findings, and two sides mirror each other."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.models import Account, Figure, RunLine
from tests.doors import told
from tests.make_files import Row, download, sale, sales_report

pytestmark = pytest.mark.django_db

VENDORS = itertools.count(90000001)
Sums = dict[str, Decimal]

PRICES = {"USD": ["3.49", "0.7", "1.005"], "JPY": ["490", "70"]}
COUNTRIES = {"US": "USD", "CA": "USD", "JP": "JPY"}


@st.composite
def rows(draw: st.DrawFn) -> Row:
    country = draw(st.sampled_from(sorted(COUNTRIES)))
    currency = COUNTRIES[country]
    units = draw(st.integers(-3, 20))
    if draw(st.booleans()) and draw(st.booleans()):
        return download(abs(units), country)
    return sale(
        units,
        draw(st.sampled_from(PRICES[currency])),
        currency,
        country,
        product=draw(st.sampled_from(["p1", "p2", "p3"])),
        parent=draw(st.sampled_from(["NOTES", "PUZZLE"])),
    )


files = st.lists(rows(), max_size=14)
some = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def proceeds(file: Iterable[Row]) -> Sums:
    """Units x proceeds per unit, by currency."""
    sums: Sums = Counter()  # type: ignore[assignment]
    for row in file:
        if Decimal(row["Developer Proceeds"]):
            sums[row["Currency of Proceeds"]] += Decimal(row["Units"]) * Decimal(row["Developer Proceeds"])
    return {currency: value for currency, value in sums.items() if value}


def compared(api: list[Row], console: list[Row]) -> str:
    """The account for which the two files stand on the two sides, reconciled."""
    vendor = str(next(VENDORS))
    with tempfile.TemporaryDirectory() as folder:
        told("load_report", sales_report(Path(folder) / "api", *api, vendor=vendor))
        told("import_export", sales_report(Path(folder) / "console", *console, vendor=vendor))
    told("reconcile", "--account", vendor)
    return vendor


def figures(account: str, side: str, metric: str = "proceeds") -> Sums:
    told_of = Figure.objects.filter(
        vintage__series__account__name=account, vintage__series__side=side, metric=metric, vintage__current=True
    )
    sums = told_of.order_by().values_list("currency").annotate(total=Sum("value"))
    return {currency: total for currency, total in sums if total}


def lines(account: str, rule: str) -> Sums:
    told_of = RunLine.objects.filter(run__account__name=account, rule__key=rule)
    sums = told_of.order_by().values_list("currency").annotate(total=Sum("difference"))
    return {currency: total for currency, total in sums if total}


def findings(account: str, metric: str) -> Sums:
    sums: Sums = Counter()  # type: ignore[assignment]
    for finding in Account.objects.get(name=account).findings.filter(metric=metric, detector__startswith="rule:"):
        sums[finding.currency] += finding.difference or Decimal(0)
        assert finding.difference == (finding.explained or 0) + (finding.residual or 0)
        days = finding.days.aggregate(total=Sum("difference"))
        assert days["total"] == finding.difference
    return {currency: value for currency, value in sums.items() if value}


def less(left: Sums, right: Sums) -> Sums:
    both = {currency: left.get(currency, Decimal(0)) - right.get(currency, Decimal(0)) for currency in {*left, *right}}
    return {currency: value for currency, value in both.items() if value}


@some
@given(api=files, console=files)
def test_amounts_are_conserved_from_rows_to_figures_to_lines_to_findings(api: list[Row], console: list[Row]) -> None:
    account = compared(api, console)

    assert figures(account, "api") == proceeds(api)
    assert figures(account, "console") == proceeds(console)
    assert sum(figures(account, "api", "units").values()) == sum(int(row["Units"]) for row in api)
    difference = less(proceeds(console), proceeds(api))
    assert lines(account, "sales_proceeds") == difference
    assert findings(account, "proceeds") == difference


@some
@given(first=files, second=files)
def test_the_sides_changed_over_turn_every_sign(first: list[Row], second: list[Row]) -> None:
    one, other = compared(first, second), compared(second, first)

    turned = {currency: -value for currency, value in lines(other, "sales_proceeds").items()}
    assert lines(one, "sales_proceeds") == turned


@some
@given(file=files)
def test_a_file_beside_itself_in_any_order_has_no_finding(file: list[Row]) -> None:
    account = compared(file, list(reversed(file)))

    assert not Account.objects.get(name=account).findings.exists()
