"""The totals of a report: of what was re-issued the newest set alone, and on an earlier day what counted then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from reports.models import App, CellState
from tests.analytics.given import DOWNLOADS, SESSIONS, deliver, deliver_rows, downloads, instance, row, text
from tests.doors import refusal, told
from tests.factories import MORNING, AnalyticsCellFactory
from tests.make_files import sale, sales_report

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]


@pytest.fixture
def reissued(tmp_path: Path) -> None:
    """2 and 3 November as Apple made them on the 5th, and the 3rd again on the 20th, without Japan."""
    first = text(downloads("2026-11-02", 10), downloads("2026-11-03", 4), downloads("2026-11-03", 1, territory="JP"))
    deliver(tmp_path, instance("2026-11-05"), first)
    again = text(downloads("2026-11-03", 7), downloads("2026-11-03", 2, "Redownload"))
    # Read weeks later, as by who looks once a month.
    deliver(tmp_path, instance("2026-11-20"), again, received_at=MORNING)


def sums(*options: str) -> dict[str, Any]:
    said = told("totals", "--report", DOWNLOADS, *options)["totals"]
    return {total["kind"]: total["value"] for total in said if total["metric"] == "counts"}


def test_a_total_is_that_of_the_newest_set_only(reissued: None) -> None:
    # 10 of the 2nd and 7 of the 3rd; neither the 5 of the set that was replaced, nor Japan, which vanished
    assert sums() == {"first-time download": "17", "redownload": "2"}
    assert sums("--from", "2026-11-03", "--to", "2026-11-03") == {"first-time download": "7", "redownload": "2"}


def test_as_of_an_earlier_day_it_is_the_earlier_total_to_the_unit(reissued: None) -> None:
    assert sums("--as-of", "2026-11-19") == {"first-time download": "15"}
    assert sums("--as-of", "2026-11-20") == {"first-time download": "17", "redownload": "2"}
    assert sums("--as-of", "2026-11-04") == {}


def test_segments_in_another_order_make_the_same_total(tmp_path: Path) -> None:
    parts = [text(downloads("2026-11-02", 3), downloads("2026-11-03", 4)), text(downloads("2026-11-02", 5))]
    deliver(tmp_path, instance("2026-11-04"), *parts)
    before = told("totals")["totals"]
    deliver(tmp_path, instance("2026-11-04", name="the same, listed again"), *reversed(parts))

    assert told("totals")["totals"] == before
    assert sums() == {"first-time download": "12"}


def test_people_who_are_counted_in_several_rows_are_never_added(tmp_path: Path) -> None:
    told_by_both = {"sessions": 9, "total_session_duration": 60, "unique_devices": 5}
    rows = [row(SESSIONS, "2026-11-02", **told_by_both, territory=t) for t in ("US", "JP")]
    deliver_rows(tmp_path, SESSIONS, "2026-11-07", *rows)

    said = {total["metric"]: total["value"] for total in told("totals", "--report", SESSIONS)["totals"]}
    assert (said["sessions"], said["unique_devices"]) == ("18", None)


def test_a_total_says_how_many_of_its_days_are_not_final(reissued: None) -> None:
    app = App.objects.get()
    for day, state in ((2, CellState.FINAL), (3, CellState.OPEN), (4, CellState.LOST)):
        AnalyticsCellFactory.make(app=app, account=app.account, date=date(2026, 11, day), state=state)

    def said(*options: str) -> set[str]:
        return {total["not_final"] for total in told("totals", *options)["totals"]}

    assert said() == {"2 of 3 days are not final"}
    assert said("--to", "2026-11-02") == {""}


def test_of_sales_what_was_received_by_then_counts_and_currencies_stay_apart(tmp_path: Path, clock: Clock) -> None:
    clock(datetime(2026, 10, 14, 9, tzinfo=UTC))
    told("load_report", sales_report(tmp_path / "first", sale(3), sale(1, country="DE", currency="EUR")))
    clock(datetime(2026, 10, 20, 9, tzinfo=UTC))
    told("load_report", sales_report(tmp_path / "second", sale(5)))

    def proceeds(*options: str) -> dict[str, str]:
        said = told("totals", "--report", "SALES/SUMMARY/DAILY", *options)["totals"]
        return {total["currency"]: total["value"] for total in said if total["metric"] == "proceeds"}

    # 5 x 3.49; before 3 x 3.49 and 1 x 3.49
    assert proceeds() == {"USD": "17.45"}
    assert proceeds("--as-of", "2026-10-15") == {"USD": "10.47", "EUR": "3.49"}


def test_a_report_that_nobody_delivered_is_refused_with_those_that_are_there(reissued: None) -> None:
    assert DOWNLOADS in refusal("totals", "--report", "App Download")["do"]
