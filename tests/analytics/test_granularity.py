"""Days against weeks and months of the same analytics report."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ascrecon.demo.verdict import table
from reports.models import Access
from tests.analytics.given import CRASHES, DETAILED, ENGAGEMENT, PURCHASES, SESSIONS, deliver_rows, row
from tests.analytics.worlds import NOTES, play, world
from tests.doors import findings_of, told

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 2)
WEEK = [(MONDAY + timedelta(days=n)).isoformat() for n in range(7)]


def differs(report: str, granularity: str, day: str, delta: int) -> dict[str, Any]:
    return {
        "kind": "granularity_differs",
        "apple_id": NOTES,
        "report": report,
        "granularity": granularity,
        "date": day,
        "delta": delta,
    }


def days_of_sessions(folder: Path, *, days: list[str], sessions: int) -> None:
    """Complete days: the instance of the fifth day after each."""
    for day in days:
        made = date.fromisoformat(day) + timedelta(days=5)
        deliver_rows(folder, SESSIONS, made.isoformat(), sessions_of(day, sessions))


def sessions_of(day: str, sessions: int) -> str:
    return row(SESSIONS, day, sessions=sessions, total_session_duration=60 * sessions, unique_devices=sessions)


def test_planted_weeks_and_months_are_found_and_nothing_else(tmp_path: Path) -> None:
    verdict, _ = play(
        world(
            differs("App Store Discovery and Engagement Standard", "WEEKLY", "2026-11-02", 37),
            differs("App Store Installation and Deletion Standard", "WEEKLY", "2026-10-26", -4),
            differs("App Sessions Standard", "MONTHLY", "2026-10-01", 120),
            differs("App Store Purchases Standard", "WEEKLY", "2026-10-19", 25),
            differs("App Crashes", "WEEKLY", "2026-11-02", 11),
            days=55,
        ),
        tmp_path,
    )

    assert verdict.good, "\n".join(table(verdict, {}))
    assert len(verdict.pairs) == 5


def test_a_week_that_is_more_than_its_days_says_by_how_much(tmp_path: Path) -> None:
    days_of_sessions(tmp_path, days=WEEK, sessions=100)
    deliver_rows(tmp_path, SESSIONS, "2026-11-13", sessions_of(WEEK[0], 730), granularity="WEEKLY")

    (finding,) = findings_of()

    assert (finding["kind"], finding["cause"], finding["severity"]) == ("granularity_mismatch", "unexplained", "high")
    assert (finding["report"], finding["metric"], finding["cut"], finding["member"]) == (
        SESSIONS,
        "sessions",
        "app",
        "week",
    )
    assert (finding["from"], finding["to"]) == ("2026-11-02", "2026-11-08")
    # 730 less 7 x 100
    assert (finding["api_value"], finding["difference"], finding["residual"]) == ("730", "30", "30")
    assert finding["message"] == (
        "Acme Notes, 2026-11-02 to 2026-11-08: Sessions of App Sessions Standard: the week says 730, the days add up "
        "to 700; they differ by 30."
    )
    assert len(finding["evidence"]) == 8, "the week's file and those of seven days"


def test_it_says_nothing_while_a_day_is_missing_or_not_complete(tmp_path: Path) -> None:
    days_of_sessions(tmp_path, days=WEEK[:5], sessions=100)
    deliver_rows(tmp_path, SESSIONS, "2026-11-12", sessions_of(WEEK[5], 100), sessions_of(WEEK[6], 40))
    deliver_rows(tmp_path, SESSIONS, "2026-11-13", sessions_of(WEEK[0], 730), granularity="WEEKLY")
    assert findings_of() == []

    days_of_sessions(tmp_path, days=WEEK[6:], sessions=100)
    assert [finding["difference"] for finding in findings_of()] == ["30"]


def test_a_day_that_is_corrected_closes_it(tmp_path: Path) -> None:
    days_of_sessions(tmp_path, days=WEEK, sessions=100)
    deliver_rows(tmp_path, SESSIONS, "2026-11-13", sessions_of(WEEK[0], 730), granularity="WEEKLY")
    assert len(findings_of()) == 1

    deliver_rows(tmp_path, SESSIONS, "2026-11-16", sessions_of(WEEK[3], 130))

    assert [found["kind"] for found in findings_of()] == ["restated"], "what Apple changed is told, the week fits again"


def test_two_weeks_in_a_row_are_one_finding_also_when_the_second_comes_later(tmp_path: Path) -> None:
    second = [(MONDAY + timedelta(days=7 + n)).isoformat() for n in range(7)]
    days_of_sessions(tmp_path, days=WEEK, sessions=100)
    deliver_rows(tmp_path, SESSIONS, "2026-11-13", sessions_of(WEEK[0], 730), granularity="WEEKLY")
    told("reconcile", "--from", WEEK[0], "--to", WEEK[-1])
    days_of_sessions(tmp_path, days=second, sessions=50)
    deliver_rows(tmp_path, SESSIONS, "2026-11-20", sessions_of(second[0], 345), granularity="WEEKLY")

    # a run over three days of the second week
    told("reconcile", "--from", second[2], "--to", second[4])

    (finding,) = told("findings")["findings"]
    # 30 and 345 - 350
    assert (finding["from"], finding["to"], finding["difference"]) == ("2026-11-02", "2026-11-15", "25")


def test_a_month_is_told_apart_from_its_weeks(tmp_path: Path) -> None:
    october = [(date(2026, 10, 1) + timedelta(days=n)).isoformat() for n in range(31)]
    days = [sessions_of(day, 10) for day in october]
    deliver_rows(tmp_path, SESSIONS, "2026-11-06", *days, access=Access.SNAPSHOT)
    deliver_rows(tmp_path, SESSIONS, "2026-11-05", sessions_of("2026-10-01", 300), granularity="MONTHLY")
    deliver_rows(tmp_path, SESSIONS, "2026-10-16", sessions_of("2026-10-05", 71), granularity="WEEKLY")

    found = {finding["member"]: (finding["from"], finding["to"], finding["difference"]) for finding in findings_of()}

    # 300 - 31 x 10 and 71 - 7 x 10
    assert found == {"month": ("2026-10-01", "2026-10-31", "-10"), "week": ("2026-10-05", "2026-10-11", "1")}


def test_unique_counts_and_detailed_reports_are_never_added(tmp_path: Path) -> None:
    for day in WEEK:
        made = (date.fromisoformat(day) + timedelta(days=5)).isoformat()
        counts = {"event": "Impression", "counts": 10, "unique_counts": 10}
        deliver_rows(tmp_path, ENGAGEMENT, made, row(ENGAGEMENT, day, **counts))
        deliver_rows(tmp_path, DETAILED, made, row(DETAILED, day, counts=10))
    week = {"event": "Impression", "counts": 70, "unique_counts": 30}
    deliver_rows(tmp_path, ENGAGEMENT, "2026-11-13", row(ENGAGEMENT, WEEK[0], **week), granularity="WEEKLY")
    deliver_rows(tmp_path, DETAILED, "2026-11-13", row(DETAILED, WEEK[0], counts=76), granularity="WEEKLY")

    assert findings_of() == []


def test_crashes_and_dollars_are_compared_too(tmp_path: Path) -> None:
    for day in WEEK:
        made = (date.fromisoformat(day) + timedelta(days=5)).isoformat()
        deliver_rows(tmp_path, CRASHES, made, row(CRASHES, day, crashes=2, unique_devices=2))
        deliver_rows(tmp_path, PURCHASES, made, sold(day, 1, "4.99"))
    deliver_rows(
        tmp_path, CRASHES, "2026-11-13", row(CRASHES, WEEK[0], crashes=15, unique_devices=9), granularity="WEEKLY"
    )
    deliver_rows(tmp_path, PURCHASES, "2026-11-13", sold(WEEK[0], 7, "29.94"), granularity="WEEKLY")

    found = {finding["metric"]: (finding["currency"], finding["difference"]) for finding in findings_of()}

    # 15 - 7 x 2 and 29.94 - 7 x 4.99; the proceeds of both are the same
    assert found == {"crashes": (None, "1"), "sales": ("USD", "-4.99")}


def sold(day: str, number: int, sales: str) -> str:
    return row(
        PURCHASES,
        day,
        purchase_type="In-app purchases",
        purchases=number,
        proceeds_in_usd="3.49" if number == 1 else "24.43",
        sales_in_usd=sales,
        paying_users=number,
    )
