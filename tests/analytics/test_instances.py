"""Instances of analytics reports: every row in its table, every day a set that the newest delivery replaces whole."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum
from django.test import Client

from reports.files.errors import BadFile
from reports.models import (
    Access,
    DeliverySegment,
    DeliveryState,
    DownloadRow,
    Figure,
    InstanceState,
    OtherAnalyticsRow,
    RowReject,
    Vintage,
)
from tests.analytics.given import DOWNLOADS_HEADER, deliver, downloads, instance, text
from tests.factories import MORNING, UserFactory

pytestmark = pytest.mark.django_db


def counted(day: str) -> Decimal | None:
    """What counts now for a day: the downloads of its current vintage."""
    figures = Figure.objects.filter(vintage__current=True, vintage__period_start=day, metric="counts")
    total: Decimal | None = figures.aggregate(total=Sum("value"))["total"]
    return total


def test_a_newer_processing_date_replaces_a_whole_day_and_rows_that_vanished_are_gone(tmp_path: Path) -> None:
    first = text(downloads("2026-11-02", 10), downloads("2026-11-03", 4), downloads("2026-11-03", 1, territory="JP"))
    deliver(tmp_path, instance("2026-11-04"), first)
    assert (counted("2026-11-02"), counted("2026-11-03")) == (10, 5)

    deliver(tmp_path, instance("2026-11-05"), text(downloads("2026-11-03", 6), downloads("2026-11-04", 7)))

    assert (counted("2026-11-02"), counted("2026-11-03"), counted("2026-11-04")) == (10, 6, 7)
    older = Vintage.objects.get(period_start="2026-11-03", current=False)
    assert older.figures.filter(metric="counts").aggregate(total=Sum("value"))["total"] == 5, "it stays readable"
    assert DownloadRow.objects.count() == 5, "nothing is deleted"


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    deliver(tmp_path, instance("2026-11-05"), text(downloads("2026-11-03", 6)))
    deliver(tmp_path, instance("2026-11-04"), text(downloads("2026-11-02", 10), downloads("2026-11-03", 5)))

    assert (counted("2026-11-02"), counted("2026-11-03")) == (10, 6)


def test_it_reads_all_segments_each_with_its_header_and_knows_the_line_of_every_row(tmp_path: Path) -> None:
    delivery = deliver(
        tmp_path,
        instance("2026-11-04"),
        text(downloads("2026-11-02", 1), downloads("2026-11-03", 2)),
        text(downloads("2026-11-02", 3), "oops\tno counts", downloads("2026-11-03", 4)),
    )

    assert delivery.state == DeliveryState.HELD
    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_rejected) == (5, 4, 1)
    assert [(row.line, row.counts) for row in DownloadRow.objects.order_by("id")] == [(2, 1), (3, 2), (5, 3), (7, 4)]
    assert [(s.file_name, s.first_line, s.lines) for s in DeliverySegment.objects.all()] == [
        ("segment-1.txt.gz", 1, 3),
        ("segment-2.txt.gz", 4, 4),
    ]
    assert RowReject.objects.get().line == 6
    assert counted("2026-11-02") is None, "a file with a rejected row counts nothing"


def test_it_finds_columns_by_name_and_keeps_new_ones(tmp_path: Path) -> None:
    names = DOWNLOADS_HEADER.split("\t")
    shuffled = ["New Column", *reversed([name.upper().replace(" ", "\u00a0") for name in names])]
    cells = ["something", *reversed(downloads("2026-11-02", 12).split("\t"))]

    delivery = deliver(tmp_path, instance("2026-11-04"), "\ufeff" + text("\t".join(cells), header="\t".join(shuffled)))

    row = DownloadRow.objects.get()
    assert (row.day, row.territory, row.counts) == (date(2026, 11, 2), "US", 12)
    assert row.extra == {"New Column": "something"}
    assert "unknown columns, kept with the rows: New Column" in delivery.warnings


def test_it_refuses_a_file_without_a_column_that_it_needs_and_lists_what_is_missing(tmp_path: Path) -> None:
    header = DOWNLOADS_HEADER.replace("\tTerritory", "").replace("Download Type", "Type of Download")

    with pytest.raises(BadFile) as refused:
        deliver(tmp_path, instance("2026-11-04"), text(header=header))

    assert refused.value.line == 1
    assert "missing columns: download type (looks renamed: Type of Download), territory" in refused.value.seen
    assert not DownloadRow.objects.exists()


def test_rows_of_another_app_are_refused(tmp_path: Path) -> None:
    other = downloads("2026-11-02", 9).replace("1500000001", "1500000002")

    delivery = deliver(tmp_path, instance("2026-11-04"), text(downloads("2026-11-02", 1), other))

    reject = RowReject.objects.get()
    assert (delivery.state, reject.line, reject.seen) == (DeliveryState.HELD, 3, "1500000002")
    assert reject.why == "another app than the one asked for (1500000001)"


def test_a_snapshot_fills_days_that_the_ongoing_report_does_not_have_and_counts_none_twice(tmp_path: Path) -> None:
    deliver(tmp_path, instance("2026-11-05"), text(downloads("2026-11-03", 6), downloads("2026-11-04", 2)))
    snapshot = instance("2026-11-20", access=Access.SNAPSHOT)

    deliver(
        tmp_path,
        snapshot,
        text(downloads("2026-11-01", 8), downloads("2026-11-03", 5), downloads("2026-11-04", 3)),
    )

    assert counted("2026-11-01") == 8, "the ongoing report has no such day"
    assert counted("2026-11-03") == 6, "complete in the ongoing report: the snapshot is only a second witness"
    assert counted("2026-11-04") == 3, "it was not complete, so the newer word counts"
    assert Vintage.objects.filter(period_start="2026-11-03").count() == 2


def test_loading_an_instance_again_changes_nothing(tmp_path: Path) -> None:
    one = instance("2026-11-04")
    first = deliver(tmp_path, one, text(downloads("2026-11-02", 10)))

    assert deliver(tmp_path, one, text(downloads("2026-11-02", 10))) == first
    one.refresh_from_db()
    assert (one.state, DownloadRow.objects.count()) == (InstanceState.LOADED, 1)


def test_of_two_instances_of_one_day_the_same_one_counts_in_any_order_of_arrival(tmp_path: Path) -> None:
    twins = [instance("2026-11-04", name=name) for name in ("a", "b")]
    for n, twin in enumerate(reversed(twins)):
        counts = {"a": 10, "b": 11}[twin.apple_id]
        deliver(tmp_path, twin, text(downloads("2026-11-02", counts)), received_at=MORNING + timedelta(minutes=n))

    assert counted("2026-11-02") == 11
    assert Vintage.objects.count() == 2, "both are read"


def test_a_report_without_a_table_of_its_own_is_kept_with_its_columns(tmp_path: Path) -> None:
    delivery = deliver(
        tmp_path,
        instance("2026-11-04", report="AirPlay Discovery Sessions"),
        text("2026-11-01\t1500000001\t3\ttrue", header="Date\tApp Apple Identifier\tSessions\tWorked"),
    )

    row = OtherAnalyticsRow.objects.get()
    assert (row.day, row.apple_id) == (date(2026, 11, 1), 1500000001)
    assert row.extra == {"Sessions": "3", "Worked": "true"}
    assert (delivery.rows_accepted, delivery.period_start) == (1, date(2026, 11, 1))


def test_weeks_and_months_are_told_by_their_first_day(tmp_path: Path) -> None:
    detailed = DOWNLOADS_HEADER.replace("Source Type", "Source Type\tSource Info\tCampaign").replace(
        "Page Type", "Page Type\tPage Title"
    )
    row = (
        downloads("2026-11-02", 10)
        .replace("App Store search", "App Store search\tads\tspring")
        .replace("Product page", "Product page\tMain")
    )

    deliver(
        tmp_path,
        instance("2026-11-13", report="App Downloads Detailed", granularity="WEEKLY"),
        text(row, header=detailed),
    )

    week = Vintage.objects.get()
    assert (week.period_start, week.period_end) == (date(2026, 11, 2), date(2026, 11, 8))
    assert (week.current, week.series.grain) == (True, "week")
    figure = Figure.objects.get(metric="counts")
    assert figure.member.dims == {
        "download_type": "first-time download",
        "source_type": "app store search",
        "source_info": "ads",
        "campaign": "spring",
    }


def test_its_page_shows_what_came_of_it_and_the_other_deliveries_of_its_days(tmp_path: Path, client: Client) -> None:
    first = deliver(tmp_path, instance("2026-11-04"), text(downloads("2026-11-02", 10), downloads("2026-11-03", 5)))
    newer = deliver(tmp_path, instance("2026-11-05"), text(downloads("2026-11-03", 6)))
    client.force_login(UserFactory.in_role("Viewer"))

    page = client.get(f"/admin/reports/reportinstance/{first.pk}/change/").content.decode()

    assert "App Downloads Standard" in page
    assert newer.short_name in page
