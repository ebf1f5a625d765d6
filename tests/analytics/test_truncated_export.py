"""Exports by campaign that have exactly as many columns as the console lists campaigns."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascrecon.demo.verdict import table
from reports.models import Access, Delivery
from tests.analytics.given import DETAILED, DOWNLOADS, deliver_rows, row
from tests.analytics.worlds import NOTES, REQUESTS, app, play, world
from tests.doors import findings_of, told
from tests.factories import AppFactory

pytestmark = pytest.mark.django_db

RANGE = {"from": "2026-10-20", "to": "2026-11-12"}


def by_campaign(folder: Path, campaigns: int, day: str = "10/12/26", name: str = "campaigns.csv") -> Path:
    """Total downloads of one day: campaign 1 has 1, campaign 2 has 2 and so on."""
    heads = ",".join(f"Campaign {n} Total Downloads" for n in range(1, campaigns + 1))
    cells = ",".join(f"{n}.0" for n in range(1, campaigns + 1))
    path = folder / name
    path.write_text(f"Name,Acme Notes\nDate,{day}\n\nDate,{heads}\n{day},{cells}\n")
    return path


def test_a_planted_export_of_200_campaigns_is_found_and_nothing_else(tmp_path: Path) -> None:
    verdict, _ = play(
        world(
            {"kind": "campaigns_truncated", "apple_id": NOTES, "metric": "Total Downloads", **RANGE},
            exports=[
                {"kind": "A2", "by": "campaign", "apple_id": NOTES, "metric": "Total Downloads", **RANGE},
                {"kind": "A2", "by": "source_type", "apple_id": NOTES, "metric": "Total Downloads", **RANGE},
            ],
            apps=[app(daily_units=3000, products=[], analytics={**REQUESTS, "campaigns": 250})],
            days=35,
        ),
        tmp_path,
    )

    assert verdict.good, "\n".join(table(verdict, {}))
    assert len(verdict.pairs) == 1


def test_it_is_at_least_and_the_api_fills_the_tail(tmp_path: Path) -> None:
    AppFactory.make()
    told("import_export", by_campaign(tmp_path, 200), "--app", "1500000001")
    deliver_rows(
        tmp_path,
        DETAILED,
        "2026-10-14",
        row(DETAILED, "2026-10-12", campaign="campaign 200", counts=201),
        row(DETAILED, "2026-10-12", campaign="Small one", counts=6),
        row(DETAILED, "2026-10-12", campaign="small one", download_type="Redownload", counts=5),
        row(DETAILED, "2026-10-12", campaign="another", counts=7),
        row(DETAILED, "2026-10-12", campaign="another", download_type="Auto-update", counts=99),
        row(DETAILED, "2026-10-12", counts=50),
    )

    (finding,) = [found for found in findings_of() if found["kind"] == "truncated_export"]

    assert (finding["cause"], finding["severity"], finding["report"]) == ("truncated", "low", DOWNLOADS)
    assert (finding["metric"], finding["cut"], finding["from"], finding["to"]) == (
        "total_downloads",
        "campaign",
        "2026-10-12",
        "2026-10-12",
    )
    # 1 + 2 + ... + 200; the report has two more campaigns with 6 + 5 and 7
    assert (finding["console_value"], finding["api_value"]) == ("20100", "20118")
    assert (finding["difference"], finding["explained"], finding["residual"]) == ("-18", "-18", "0")
    assert finding["message"] == (
        "Acme Notes, 2026-10-12: total downloads by campaign: the export has exactly 200 campaigns, which is all that "
        "the console lists, so 20,100 is at least. Apple's Detailed report names 2 more campaigns with 18."
    )


def test_without_a_report_it_is_still_at_least(tmp_path: Path) -> None:
    AppFactory.make()
    told("import_export", by_campaign(tmp_path, 200), "--app", "1500000001")

    (finding,) = findings_of()

    assert (finding["kind"], finding["console_value"], finding["api_value"], finding["difference"]) == (
        "truncated_export",
        "20100",
        None,
        None,
    )


def test_fewer_campaigns_are_all_of_them(tmp_path: Path) -> None:
    AppFactory.make()
    told("import_export", by_campaign(tmp_path, 199), "--app", "1500000001")

    assert findings_of() == []


def test_two_days_in_a_row_are_one_finding(tmp_path: Path) -> None:
    AppFactory.make()
    told("import_export", by_campaign(tmp_path, 200), "--app", "1500000001")
    told("import_export", by_campaign(tmp_path, 200, "10/13/26", "next.csv"), "--app", "1500000001")

    (finding,) = findings_of()

    assert (finding["from"], finding["to"], finding["console_value"]) == ("2026-10-12", "2026-10-13", "40200")


def test_an_export_by_source_does_not_replace_one_by_campaign(tmp_path: Path) -> None:
    AppFactory.make()
    told("import_export", by_campaign(tmp_path, 2), "--app", "1500000001")
    path = tmp_path / "sources.csv"
    path.write_text(
        "Name,Acme Notes\nDate,10/12/26\n\nDate,App Store Search Total Downloads,Web Referrer Total Downloads\n"
        "10/12/26,8.0,9.0\n"
    )

    (said,) = told("import_export", path, "--app", "1500000001")

    assert said["overlaps"] == []
    assert sorted(Delivery.objects.filter(kind="A2").values_list("filters", flat=True)) == [
        "by campaign",
        "by source type",
    ]
    assert Delivery.objects.filter(vintages__current=True, kind="A2").count() == 2
    assert findings_of() == []


def test_a_snapshot_tells_the_tail_as_well(tmp_path: Path) -> None:
    AppFactory.make()
    told("import_export", by_campaign(tmp_path, 200), "--app", "1500000001")
    deliver_rows(
        tmp_path, DETAILED, "2026-11-14", row(DETAILED, "2026-10-12", campaign="late", counts=8), access=Access.SNAPSHOT
    )

    (finding,) = [found for found in findings_of() if found["kind"] == "truncated_export"]

    assert finding["difference"] == "-8"
