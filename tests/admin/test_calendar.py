"""The calendar of coverage: what is known of each report and day, by symbol, colour and words, and how to get there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from time import monotonic

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ascrecon.appstore import load_catalogue
from reports.models import App, CellState, CoverageCell, Grain
from tests import factories as make

Login = Callable[[str], Client]
Clock = Callable[[datetime], None]
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
SESSIONS = "App Sessions Standard"


@pytest.fixture(autouse=True)
def november(clock: Clock) -> None:
    clock(NOW)


@pytest.fixture
def app(db: None) -> App:
    return make.AppFactory.make()


def cell(day: int, state: str = CellState.FINAL, **more: object) -> CoverageCell:
    first = date(2026, 11, day)
    due = datetime(2026, 11, day, tzinfo=UTC) + timedelta(days=6)
    return make.AnalyticsCellFactory.make(**{"report": SESSIONS, "date": first, "state": state, "due": due} | more)


def page(client: Client, app: App, query: str = "month=2026-11") -> str:
    response = client.get(f"/admin/reports/coveragecell/calendar/app/{app.pk}/?{query}")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", unescape(response.content.decode()))


def titles(shown: str) -> list[str]:
    """What is read aloud of each square."""
    return re.findall(r'<td[^>]*class="square [^>]*><a [^>]*aria-label="([^"]*)"', shown)


def test_a_square_says_its_report_day_state_and_when_it_was_due_or_came(app: App, login: Login) -> None:
    cell(2, delivered_at=datetime(2026, 11, 8, 7, tzinfo=UTC))
    cell(3, CellState.OVERDUE)
    cell(4, CellState.EMPTY)
    cell(19, CellState.OPEN)
    assert titles(page(login("Viewer"), app)) == [
        "App Sessions Standard, 2026-11-02: final, delivered 2026-11-08",
        "App Sessions Standard, 2026-11-03: overdue, due 2026-11-09",
        "App Sessions Standard, 2026-11-04: empty",
        "App Sessions Standard, 2026-11-19: open, due 2026-11-25",
    ]


@pytest.mark.parametrize(
    ("state", "symbol", "tone"),
    [
        ("final", "✓", "good"),
        ("open", "◔", "busy"),
        ("empty", "∅", "quiet"),
        ("overdue", "▲", "bad"),
        ("blocked", "■", "bad"),
        ("lost", "✕", "bad"),
    ],
)
def test_each_state_has_a_symbol_and_a_colour_and_stands_in_the_legend(
    state: str, symbol: str, tone: str, app: App, login: Login
) -> None:
    made = cell(3, state)
    shown = page(login("Viewer"), app)
    square = rf'<td class="square square-{tone} square-{state}"><a href="[^"]*/{made.pk}/change/" [^>]*>'
    assert re.search(rf'{square}<span aria-hidden="true">{symbol}</span></a></td>', shown)
    assert re.search(rf'<span class="square square-{tone} square-{state}" aria-hidden="true">{symbol}</span>', shown)


def test_weeks_and_months_lie_across_their_days_and_are_cut_where_the_month_ends(app: App, login: Login) -> None:
    cell(2, granularity=Grain.WEEK, period_end=date(2026, 11, 8))
    make.AnalyticsCellFactory.make(
        report=SESSIONS, granularity=Grain.WEEK, date=date(2026, 10, 26), period_end=date(2026, 11, 1)
    )
    make.AnalyticsCellFactory.make(
        report=SESSIONS, granularity=Grain.MONTH, date=date(2026, 10, 1), period_end=date(2026, 10, 31)
    )
    shown = page(login("Viewer"), app)
    november, october = (shown.split('<section class="card calendar-month')[n] for n in (1, 2))
    assert re.findall(r'<td(?: colspan="(\d+)")? class="square ', november) == ["", "7"], "the 1st, then a whole week"
    assert re.findall(r'<td(?: colspan="(\d+)")? class="square ', october) == ["6", "31"], "26 to 31, and the month"


def test_it_scrolls_by_months_and_shows_no_future(app: App, login: Login) -> None:
    client = login("Viewer")
    now = page(client, app, "")
    assert "?month=2026-10" in now
    assert "?month=2026-12" not in now
    assert "November 2026" in page(client, app, "month=nonsense")
    then = page(client, app, "month=2026-09")
    assert "?month=2026-08" in then
    assert "?month=2026-10" in then


def test_it_counts_the_periods_of_each_report_by_state(app: App, login: Login) -> None:
    for day in (1, 2, 3):
        cell(day)
    cell(4, CellState.OVERDUE)
    shown = page(login("Viewer"), app)
    assert "1 of 4 periods is not final: a total over them is not the whole." in shown
    assert 'title="3 final"' in shown
    assert 'title="1 overdue"' in shown


def test_it_can_leave_out_the_reports_of_which_all_is_known(app: App, login: Login) -> None:
    cell(1)
    cell(1, CellState.LOST, report="App Downloads Standard")
    client = login("Viewer")
    assert len(titles(page(client, app))) == 2
    shown = page(client, app, "month=2026-11&show=open")
    assert titles(shown) == ["App Downloads Standard, 2026-11-01: lost, due 2026-11-07"]
    assert "?month=2026-10&show=open" in shown, "the choice stays from month to month"


def test_sales_and_finance_reports_have_a_calendar_of_their_account(app: App, login: Login) -> None:
    make.CoverageCellFactory.make(date=NOVEMBER, state=CellState.OVERDUE)
    make.CoverageCellFactory.make(
        report="FINANCE/FINANCIAL", region_code="ZZ", granularity=Grain.FISCAL_MONTH,
        date=NOVEMBER, period_end=date(2026, 11, 28),
    )  # fmt: skip
    cell(1)
    response = login("Viewer").get(f"/admin/reports/coveragecell/calendar/account/{app.account_id}/?month=2026-11")
    shown = response.content.decode()
    assert titles(shown) == [
        "Sales, daily, 2026-11-01: overdue, due 2026-11-20",
        "Finance report ZZ, 2026-11-01 to 2026-11-28: final",
    ]


def test_one_looks_at_all_apps_first_and_comes_there_from_everywhere(app: App, login: Login) -> None:
    cell(18, CellState.OVERDUE)
    cell(19)
    client = login("Viewer")
    calendar = f"/admin/reports/coveragecell/calendar/app/{app.pk}/"
    overview = client.get("/admin/reports/coveragecell/calendar/").content.decode()
    assert calendar in overview
    assert "1 of 2 periods is not final" in overview
    assert calendar in client.get(f"/admin/reports/app/{app.pk}/change/").content.decode()
    assert calendar in client.get("/admin/").content.decode()
    assert "/admin/reports/coveragecell/calendar/" in client.get("/admin/reports/coveragecell/").content.decode()


def test_it_is_quick_with_twenty_reports_of_four_hundred_days(app: App, login: Login) -> None:
    reports = [report.name for report in load_catalogue().analytics_reports][:20]
    days = [date(2025, 10, 17) + timedelta(days=n) for n in range(400)]
    CoverageCell.objects.bulk_create(
        CoverageCell(account=app.account, app=app, report=report, granularity=Grain.DAY, date=day, period_end=day,
                     state=CellState.FINAL, due=NOW)
        for report in reports for day in days
    )  # fmt: skip
    client = login("Viewer")
    page(client, app)
    started = monotonic()
    with CaptureQueriesContext(connection) as queries:
        shown = page(client, app)
    assert monotonic() - started < 3, "half a second where nothing else runs"
    # 2025-10-17 and 400 days on is 2026-11-20: twenty days of November, October and September whole
    assert len(titles(shown)) == 20 * (20 + 31 + 30)
    of_cells = [query["sql"] for query in queries if "reports_coveragecell" in query["sql"]]
    assert len(of_cells) == 1
    assert len(queries) <= 20


@pytest.mark.parametrize("query", ["month=99999-01", "month=0000-01", "month=2026-13", "month=%D9%A2026-01", "show=x"])
def test_a_month_that_cannot_be_read_is_this_month(query: str, app: App, login: Login) -> None:
    assert "November 2026" in page(login("Viewer"), app, query)
