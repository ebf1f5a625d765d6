from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from reports.coverage.overview import completeness
from reports.models import Account, App, CellState, CoverageCell, Grain, Vendor
from reports.sync.calendar import PULLED, due_at
from tests.sync.doors import door

DAILY = PULLED[0]


@pytest.fixture
def vendor(db: None) -> Vendor:
    return Vendor.objects.create(account=Account.objects.create(name="Acme"), number="80000001")


def add_cell(vendor: Vendor, day: int, state: CellState, **facts: Any) -> None:
    date_of = date(2026, 11, day)
    CoverageCell.objects.create(
        account=vendor.account,
        vendor=vendor,
        report=DAILY.name,
        granularity=Grain.DAY,
        date=date_of,
        period_end=date_of,
        due=due_at(DAILY, date_of),
        state=state,
        **facts,
    )


def test_it_prints_every_cell_with_its_state(vendor: Vendor) -> None:
    add_cell(vendor, 10, CellState.FINAL, evidence="a.txt: 3 rows")
    add_cell(vendor, 11, CellState.OVERDUE)

    said = door("coverage", "--json")

    assert said.code == 0
    assert said.json["counts"] == {"final": 1, "overdue": 1}
    assert said.json["cells"][0] == {
        "account": "Acme",
        "vendor_number": "80000001",
        "apple_id": None,
        "report": "SALES/SUMMARY/DAILY",
        "granularity": "day",
        "date": "2026-11-10",
        "state": "final",
        "due": "2026-11-11T16:00:00Z",
        "evidence": "a.txt: 3 rows",
    }


@pytest.mark.parametrize(
    ("argv", "days"),
    [
        (["--from", "2026-11-11"], [11, 12]),
        (["--to", "2026-11-11"], [10, 11]),
        (["--from", "2026-11-11", "--to", "2026-11-11"], [11]),
        (["--report", "SALES/SUMMARY/WEEKLY"], []),
        (["--report", "SALES/SUMMARY/DAILY", "--app", "1500000001"], [10, 11, 12]),
    ],
)
def test_it_shows_only_what_is_asked_for(vendor: Vendor, argv: list[str], days: list[int]) -> None:
    App.objects.create(account=vendor.account, apple_id=1500000001)
    for day in (10, 11, 12):
        add_cell(vendor, day, CellState.FINAL)

    cells = door("coverage", "--json", *argv).json["cells"]

    assert [date.fromisoformat(cell["date"]).day for cell in cells] == days


def test_it_shows_how_it_stood_on_an_earlier_day(vendor: Vendor) -> None:
    """Both came on the 16th. On the 12th the day before was due at 16:00 UTC, and the 12th itself not yet."""
    came = datetime(2026, 11, 16, 12, tzinfo=UTC)
    for day in (11, 12):
        add_cell(vendor, day, CellState.FINAL, delivered_at=came, asked_at=came)

    on_12th = door("coverage", "--json", "--as-of", "2026-11-12").json
    on_16th = door("coverage", "--json", "--as-of", "2026-11-16").json

    assert on_12th["as_of"] == "2026-11-12"
    assert [cell["state"] for cell in on_12th["cells"]] == ["overdue", "open"]
    assert [cell["state"] for cell in on_16th["cells"]] == ["final", "final"]


def test_it_does_not_call_late_what_was_never_asked_for(vendor: Vendor) -> None:
    add_cell(vendor, 11, CellState.OPEN)

    assert door("coverage", "--json", "--as-of", "2026-11-14").json["counts"] == {"open": 1}


def test_it_says_up_to_which_day_nothing_is_missing(vendor: Vendor) -> None:
    states = [CellState.OPEN, CellState.FINAL, CellState.EMPTY, CellState.FINAL, CellState.OVERDUE, CellState.FINAL]
    for day, state in enumerate(states, start=10):
        add_cell(vendor, day, state)

    (complete,) = completeness([vendor.account])

    # The 10th lies before the first delivery; the 14th is missing, so what came after it does not count.
    assert complete.until == date(2026, 11, 13)
    assert (complete.waiting, complete.overdue, complete.blocked) == (0, 1, 0)
    assert "complete to 2026-11-13" in door("coverage").out


def test_it_says_when_no_day_is_complete(vendor: Vendor) -> None:
    add_cell(vendor, 10, CellState.BLOCKED)

    assert completeness([vendor.account])[0].until is None
    assert "not complete for any day" in door("coverage").out


def test_it_refuses_an_app_that_it_does_not_know(vendor: Vendor) -> None:
    said = door("coverage", "--json", "--app", "7")

    assert (said.code, said.json["error"]["seen"]) == (2, "There is no app with the Apple ID 7.")
