"""The tables of words: titles, regions, metrics."""

from __future__ import annotations

from datetime import date

import pytest
from babel import localedata

from reports.console.periods import gaps, grain_of
from reports.console.titles import calendar_of, month_label
from reports.console.vocabulary import load_data, metric_by_label, metric_by_name, metrics, region_code, regions


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("iTunes Connect - Payments and Financial Reports\t(September, 2014)", (2014, 9)),
        ("iTunes Connect - Zahlungen und Finanzberichte\t(Januar, 2016)", (2016, 1)),
        ("x (f\u00e9vrier, 2021)", (2021, 2)),
        ("x (marzo, 2021)", (2021, 3)),
        ("x (2024\u5e749\u6708)", (2024, 9)),
        ("x (9\uc6d4, 2024)", (2024, 9)),
        ("x (listopad, 2020)", None),  # November in Czech, October in Croatian
        ("x (Nonember, 2020)", None),
        ("x (Kwintzizieliou, 2020)", None),
        ("x (syyskuu, 2020)", (2020, 9)),  # Finnish, none of the console's languages
        ("x (September)", None),
        ("x (September, 2014) y", None),
    ],
)
def test_it_reads_the_month_of_a_title(title: str, label: tuple[int, int] | None) -> None:
    assert month_label(title) == label


def test_its_month_names_of_all_languages_are_those_of_cldr() -> None:
    every = tuple(name for name in localedata.locale_identifiers() if "_" not in name)
    told = {name: sorted(months) for name, months in calendar_of(every).items()}

    assert load_data("months.json") == told


@pytest.mark.parametrize(
    ("label", "currency", "code"),
    [
        ("Switzerland", "CHF", "CH"),
        ("Suisse", "CHF", "CH"),
        ("Euro-Zone", "EUR", "EU"),
        ("Eurozone", "EUR", "EU"),
        ("Croatia", "EUR", "HR"),
        ("Am\u00e9rique latine et Cara\u00efbes", "USD", "LL"),
        ("Rest der Welt", "USD", "WW"),
        ("Atlantis", "USD", None),
        ("Croatia", "HRK", None),
    ],
)
def test_it_finds_apples_code_of_a_region(label: str, currency: str, code: str | None) -> None:
    assert region_code(label, currency) == code


def test_it_knows_the_48_regions_of_the_finance_reports() -> None:
    assert len({region.code for region in regions()}) == 48


def test_it_gives_every_metric_one_name_and_every_label_one_metric() -> None:
    labels = [label for metric in metrics() for label in metric.labels]

    assert len({metric.metric for metric in metrics()}) == len(metrics())
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("label", ["Redownloads", "Re-Downloads", "re-downloads"])
def test_it_knows_both_spellings_of_a_label(label: str) -> None:
    assert metric_by_label(label) == metric_by_name("redownloads")


def test_it_marks_unique_metrics_as_not_additive() -> None:
    active_devices = metric_by_name("active_devices")

    assert active_devices is not None
    assert (active_devices.additive, active_devices.confirmed) == (False, True)


@pytest.mark.parametrize(
    ("days", "stated", "grain"),
    [
        ([date(2025, 3, 1)], (date(2025, 3, 1), date(2025, 3, 1)), "day"),
        ([date(2025, 3, 3)], (date(2025, 3, 3), date(2025, 3, 9)), "week"),
        ([date(2025, 3, 1)], (date(2025, 3, 1), date(2025, 3, 31)), "month"),
        ([date(2025, 3, 1)], None, "day"),
        ([date(2025, 1, 1), date(2025, 3, 1)], None, "month"),
        ([date(2025, 3, 1), date(2025, 3, 4)], None, "day"),
    ],
)
def test_it_judges_the_grain_by_the_days(days: list[date], stated: tuple[date, date] | None, grain: str) -> None:
    assert grain_of(days, stated) == grain


def test_it_finds_a_missing_month_over_the_turn_of_the_year() -> None:
    assert gaps([date(2024, 12, 1), date(2025, 2, 1)], "month") == [(date(2025, 1, 1), date(2025, 1, 31))]
