"""Detailed reports against Standard ones: what privacy explains is no finding, what is missing beyond it is one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ascrecon.demo.verdict import table
from reports.models import Access
from tests.analytics.given import DETAILED, DOWNLOADS, deliver_rows, row
from tests.analytics.worlds import NOTES, play, world
from tests.doors import findings_of, told

pytestmark = pytest.mark.django_db

FIRST = date(2026, 10, 1)
DAYS = [(FIRST + timedelta(days=n)).isoformat() for n in range(20)]
LOST = DAYS[10]
WEB, SEARCH, REFERRER = "Web referrer", "App Store search", "App referrer"


def shortfall(report: str, source: str, first: str, last: str) -> dict[str, Any]:
    return {
        "kind": "detail_shortfall",
        "apple_id": NOTES,
        "report": report,
        "source": source,
        "from": first,
        "to": last,
    }


def standard(folder: Path, *rows: str) -> None:
    deliver_rows(folder, DOWNLOADS, "2026-10-25", *rows, access=Access.SNAPSHOT)


def detailed(folder: Path, *rows: str) -> None:
    deliver_rows(folder, DETAILED, "2026-10-25", *rows, access=Access.SNAPSHOT)


def test_planted_losses_of_a_source_are_found_and_the_hidden_rows_of_every_day_are_not(tmp_path: Path) -> None:
    verdict, _ = play(
        world(
            shortfall("App Downloads Detailed", WEB, "2026-11-02", "2026-11-04"),
            shortfall("App Store Discovery and Engagement Detailed", SEARCH, "2026-11-06", "2026-11-08"),
            shortfall("App Sessions Detailed", REFERRER, "2026-11-01", "2026-11-03"),
            shortfall("App Store Purchases Detailed", SEARCH, "2026-10-20", "2026-10-28"),
            days=60,
        ),
        tmp_path,
    )

    assert verdict.good, "\n".join(table(verdict, {}))
    assert len(verdict.pairs) == 4


def test_a_source_without_a_row_says_what_is_missing_and_what_privacy_explains(tmp_path: Path) -> None:
    standard(tmp_path, *(row(DOWNLOADS, day, source_type=WEB, counts=100) for day in DAYS))
    kept = [day for day in DAYS if day != LOST]
    detailed(
        tmp_path,
        *(
            row(DETAILED, day, source_type=WEB, campaign=name, counts=45)
            for day in kept
            for name in ("spring", "autumn")
        ),
        row(DETAILED, LOST, source_type=SEARCH, counts=5),
    )

    (finding,) = findings_of()

    assert (finding["kind"], finding["cause"]) == ("detail_shortfall", "positive_rows_missing")
    assert (finding["report"], finding["metric"], finding["cut"], finding["member"]) == (
        DETAILED,
        "total_downloads",
        "source_type",
        WEB,
    )
    assert (finding["from"], finding["to"]) == (LOST, LOST)
    # 100 in Standard, 0 in Detailed; on other days the Detailed report has 90 of 100
    assert (finding["api_value"], finding["difference"], finding["explained"], finding["residual"]) == (
        "0",
        "100",
        "10",
        "90",
    )
    assert finding["message"] == (
        "Acme Notes, 2026-10-11: total downloads from Web referrer: 100 in App Downloads Standard, 0 in App Downloads "
        "Detailed. Noise and rows of fewer than 5 people explain 10; 90 are missing."
    )
    assert len(finding["evidence"]) == 2


def test_more_than_is_usual_and_more_than_the_rows_can_hide_is_a_finding_though_some_rows_are_there(
    tmp_path: Path,
) -> None:
    standard(tmp_path, *(row(DOWNLOADS, day, source_type=SEARCH, counts=1000) for day in DAYS))
    counts = {day: 300 if day == LOST else 950 for day in DAYS}
    detailed(tmp_path, *(row(DETAILED, day, source_type=SEARCH, counts=number) for day, number in counts.items()))

    (finding,) = findings_of()

    # 1,000 less 300; usually 50 of 1,000 are hidden
    assert (finding["from"], finding["to"]) == (LOST, LOST)
    assert (finding["difference"], finding["explained"], finding["residual"]) == ("700", "50", "650")


def test_noise_and_rows_of_few_people_are_no_finding(tmp_path: Path) -> None:
    rows = [
        row(DOWNLOADS, day, source_type=SEARCH, territory=place, counts=4) for day in DAYS for place in ("US", "JP")
    ]
    standard(tmp_path, *rows, *(row(DOWNLOADS, day, source_type=SEARCH, counts=50) for day in DAYS))
    detailed(
        tmp_path,
        *(row(DETAILED, day, source_type=SEARCH, counts=50 - 6 * (n % 2)) for n, day in enumerate(DAYS)),
    )

    assert findings_of() == []


def test_a_quiet_app_whose_detailed_report_never_has_a_row_of_a_source_is_no_finding(tmp_path: Path) -> None:
    standard(tmp_path, *(row(DOWNLOADS, day, source_type=WEB, counts=3) for day in DAYS))
    detailed(tmp_path, *(row(DETAILED, day, source_type=SEARCH, counts=9) for day in DAYS))

    assert findings_of() == []


def test_a_source_that_was_never_in_the_detailed_report_is_a_finding_where_rows_of_few_people_cannot_hold_it(
    tmp_path: Path,
) -> None:
    standard(tmp_path, *(row(DOWNLOADS, day, source_type=WEB, counts=300) for day in DAYS[:3]))
    detailed(tmp_path, *(row(DETAILED, day, source_type=SEARCH, counts=9) for day in DAYS[:3]))

    (finding,) = findings_of()

    # one row a day, which may hide four people: 3 x 300, and 3 x 4 of it
    assert (finding["from"], finding["to"]) == (DAYS[0], DAYS[2])
    assert (finding["difference"], finding["explained"], finding["residual"]) == ("900", "12", "888")


def test_it_says_nothing_where_one_of_the_two_reports_is_not_here_or_not_complete(tmp_path: Path) -> None:
    standard(tmp_path, *(row(DOWNLOADS, day, source_type=WEB, counts=300) for day in DAYS))
    incomplete = (date.fromisoformat(LOST) + timedelta(days=1)).isoformat()
    deliver_rows(tmp_path, DETAILED, incomplete, row(DETAILED, LOST, source_type=SEARCH, counts=9))

    assert "detail_shortfall" not in {found["kind"] for found in findings_of()}


def test_app_referrers_that_lost_their_names_are_held_against_all_of_app_referrer(tmp_path: Path) -> None:
    apps = [f"com.example.app{n}" for n in range(9)]
    standard(tmp_path, *(row(DOWNLOADS, day, source_type=REFERRER, counts=900) for day in DAYS))
    named = [
        row(DETAILED, day, source_type=REFERRER, source_info="" if day == LOST else name, counts=100)
        for day in DAYS
        for name in apps
    ]
    detailed(tmp_path, *named)

    (finding,) = findings_of()

    assert (finding["cut"], finding["member"], finding["from"]) == ("source_info", REFERRER, LOST)
    assert (finding["api_value"], finding["difference"], finding["residual"]) == ("0", "900", "900")
    assert finding["message"] == (
        "Acme Notes, 2026-10-11: total downloads from App referrer: 900 in App Downloads Detailed, 0 of it from named "
        "referrers. Usually 0 would have no name; 900 have lost theirs."
    )


def test_a_day_that_comes_later_grows_the_finding(tmp_path: Path) -> None:
    standard(tmp_path, *(row(DOWNLOADS, day, source_type=SEARCH, counts=1000) for day in DAYS))
    counts = {day: 300 if day in DAYS[10:12] else 950 for day in DAYS if day != DAYS[11]}
    detailed(tmp_path, *(row(DETAILED, day, source_type=SEARCH, counts=number) for day, number in counts.items()))
    assert [(f["from"], f["to"]) for f in findings_of()] == [(DAYS[10], DAYS[10])]

    deliver_rows(tmp_path, DETAILED, "2026-10-14", row(DETAILED, DAYS[11], source_type=SEARCH, counts=300))
    told("reconcile", "--from", DAYS[11], "--to", DAYS[11])

    (finding,) = told("findings")["findings"]
    assert (finding["from"], finding["to"], finding["difference"]) == (DAYS[10], DAYS[11], "1400")
