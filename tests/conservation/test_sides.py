"""Finance files on both sides: sums are kept from the file to the finding, and the two sides mirror each other."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reports.models import Delivery, Figure, FinanceRow, RunLine
from tests.doors import told
from tests.make_files import Row, earning, region_report

pytestmark = pytest.mark.django_db

VENDORS = itertools.count(91000001)
PRICES = {"CHF": ["3.50", "0.70"], "JPY": ["490", "70"], "EUR": ["2.94", "10.5"]}
COUNTRIES = {"CHF": "CH", "JPY": "JP", "EUR": "DE"}
MIRRORED = {"missing_in_api": "missing_in_console", "missing_in_console": "missing_in_api"}
some = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def earnings(draw: st.DrawFn) -> Row:
    currency = draw(st.sampled_from(sorted(PRICES)))
    quantity = draw(st.sampled_from([-2, -1, 1, 3, 40]))
    return earning(quantity, draw(st.sampled_from(PRICES[currency])), currency, COUNTRIES[currency])


files = st.lists(earnings(), min_size=1, max_size=8)
Sums = dict[str, Decimal]


def earned(file: list[Row]) -> Sums:
    sums: Sums = Counter()  # type: ignore[assignment]
    for row in file:
        sums[row["Partner Share Currency"]] += Decimal(row["Extended Partner Share"])
    return {currency: value for currency, value in sums.items() if value}


def compared(api: list[Row], console: list[Row]) -> list[dict[str, Any]]:
    """The findings of an account for which the two consolidated files stand on the two sides."""
    vendor = str(next(VENDORS))
    with tempfile.TemporaryDirectory() as folder:
        told("load_report", region_report(Path(folder) / "api", "ZZ", *api, vendor=vendor))
        told("import_export", region_report(Path(folder) / "console", "ZZ", *console, vendor=vendor))
    found: list[dict[str, Any]] = told("reconcile", "--account", vendor)["findings"]
    return found


def loaded(side: str) -> Delivery:
    return Delivery.objects.filter(side=side).latest("pk")


def not_zero(sums: Any) -> Sums:
    return {currency: total for currency, total in sums if total}


def of_rows(delivery: Delivery) -> Sums:
    rows = FinanceRow.objects.of(delivery).order_by()  # type: ignore[attr-defined]
    return not_zero(rows.values_list("currency").annotate(total=Sum("extended_partner_share")))


def of_figures(delivery: Delivery) -> Sums:
    figures = Figure.objects.filter(vintage__delivery=delivery, metric="earned").order_by()
    return not_zero(figures.values_list("currency").annotate(total=Sum("value")))


def mirrored(finding: dict[str, Any]) -> dict[str, Any]:
    """What the finding would be with the two sides changed over."""
    amounts = ("difference", "explained", "residual")
    turned = {name: str(-Decimal(finding[name])) for name in amounts if finding[name] is not None}
    sides = {"api_value": finding["console_value"], "console_value": finding["api_value"]}
    return essence(finding | turned | sides | {"kind": MIRRORED.get(finding["kind"], finding["kind"])})


def essence(finding: dict[str, Any]) -> dict[str, Any]:
    names = ("kind", "report", "metric", "cut", "member", "currency", "from", "to", "money_at_risk")
    amounts = ("api_value", "console_value", "difference", "explained", "residual")
    values = {name: None if finding[name] is None else Decimal(finding[name]) for name in amounts}
    return {name: finding[name] for name in names} | values


def in_order(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(findings, key=lambda finding: (finding["metric"], finding["member"], finding["currency"] or ""))


@some
@given(api=files, console=files)
def test_sums_are_kept_from_file_to_row_to_figure_to_finding(api: list[Row], console: list[Row]) -> None:
    findings = [finding for finding in compared(api, console) if finding["metric"] == "earned"]

    for side, file in (("api", api), ("console", console)):
        assert of_rows(loaded(side)) == of_figures(loaded(side)) == earned(file)
    differences = {c: earned(console).get(c, 0) - earned(api).get(c, 0) for c in {*earned(console), *earned(api)}}
    lines = RunLine.objects.filter(rule__key="finance_report", run__account__name=loaded("api").account.name)  # type: ignore[union-attr]
    assert not_zero(lines.order_by().values_list("currency").annotate(total=Sum("difference"))) == not_zero(
        differences.items()
    )
    assert not_zero((f["currency"], Decimal(f["difference"])) for f in findings) == not_zero(differences.items())


@some
@given(first=files, second=files)
def test_the_sides_changed_over_give_the_mirrored_findings(first: list[Row], second: list[Row]) -> None:
    one, other = compared(first, second), compared(second, first)

    assert in_order([essence(finding) for finding in one]) == in_order([mirrored(finding) for finding in other])


@some
@given(file=files)
def test_a_finance_file_beside_itself_in_any_order_has_no_finding(file: list[Row]) -> None:
    assert compared(file, list(reversed(file))) == []
