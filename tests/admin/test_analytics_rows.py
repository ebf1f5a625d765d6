"""The lists of analytics rows: a file has many days, and what counts of a day is what the current file says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from reports.models import EngagementRow, Grain, PurchaseRow, SalesRow
from reports.models.rows import FileRow
from tests import factories as make

LIST = "/admin/reports/downloadrow/"
NEXT_DAY = make.DAY + timedelta(days=1)

Login = Callable[[str], Client]


def lines(client: Client, query: str, url: str = LIST) -> list[int]:
    """Lines of the rows on the list, from top to bottom."""
    response = client.get(f"{url}?{query}")
    assert response.status_code == 200
    rows: list[FileRow] = response.context["cl"].result_list
    return [row.line for row in rows]


def test_it_lists_a_day_as_the_current_file_tells_it_and_no_other_day_of_that_file(db: None, login: Login) -> None:
    current, replaced = (make.AnalyticsDeliveryFactory.make(period_end=NEXT_DAY) for _ in range(2))
    make.AnalyticsVintageFactory.make(delivery=current, period_start=make.DAY)
    make.AnalyticsVintageFactory.make(delivery=replaced, period_start=make.DAY, current=False)
    make.DownloadRowFactory.make(delivery=current, line=2)
    make.DownloadRowFactory.make(delivery=current, line=3, day=NEXT_DAY)
    make.DownloadRowFactory.make(delivery=replaced, line=4)
    client = login("Viewer")
    assert lines(client, f"day={make.DAY}") == [2]
    assert lines(client, f"delivery={current.pk}") == [2, 3]
    assert lines(client, f"delivery={current.pk}&day={NEXT_DAY}") == [3]
    assert lines(client, f"delivery={replaced.pk}&day={make.DAY}") == [4], "a file that was replaced stays readable"


def test_a_day_is_not_counted_twice_where_a_week_tells_it_too(db: None, login: Login) -> None:
    week = make.AnalyticsDeliveryFactory.make(grain=Grain.WEEK, period_end=make.DAY + timedelta(days=6))
    make.AnalyticsVintageFactory.make(delivery=week, period_end=week.period_end)
    day = make.AnalyticsVintageFactory.make()
    make.DownloadRowFactory.make(delivery=week, line=2)
    make.DownloadRowFactory.make(delivery=day.delivery, line=3)
    assert lines(login("Viewer"), f"day={make.DAY}") == [3]


def test_the_days_of_sales_do_not_look_into_analytics_files(db: None, login: Login) -> None:
    for number in range(3):
        make.AnalyticsVintageFactory.make(
            delivery=make.AnalyticsDeliveryFactory.make(report=f"Report {number}", period_start=make.DAY)
        )
    sale = make.SalesRowFactory.make(line=2)
    make.VintageFactory.make(delivery_id=sale.delivery_id, period_start=make.DAY, period_end=make.DAY,
                             taken_on=make.DAY, received_at=make.MORNING)  # fmt: skip
    make.SalesRowFactory.make(line=3)
    assert lines(login("Viewer"), f"day={make.DAY}", "/admin/reports/salesrow/") == [2]
    assert SalesRow.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("report=App+Downloads+Det", [4]),
        ("download_type=first-time+DOWNLOAD", [4, 2]),
        ("territory=jp", [3]),
        ("apple_id=7", [3]),
        ("report=nothing", []),
    ],
)
def test_it_filters_by_report_app_and_what_was_counted(query: str, found: list[int], db: None, login: Login) -> None:
    standard = make.AnalyticsDeliveryFactory.make()
    detailed = make.AnalyticsDeliveryFactory.make(report="App Downloads Detailed")
    make.DownloadRowFactory.make(delivery=standard, line=2)
    make.DownloadRowFactory.make(delivery=standard, line=3, download_type="Redownload", territory="JP", apple_id=7)
    make.DownloadRowFactory.make(delivery=detailed, line=4)
    assert lines(login("Viewer"), query) == found


def test_it_adds_up_a_file_for_each_kind_of_download_and_never_over_them(db: None, login: Login) -> None:
    file = make.AnalyticsDeliveryFactory.make()
    for line, (kind, count) in enumerate((("Redownload", 3), ("First-time download", 5), ("Redownload", 4))):
        make.DownloadRowFactory.make(delivery=file, line=line + 2, download_type=kind, counts=count)
    totals = login("Viewer").get(f"{LIST}?delivery={file.pk}").context["cl"].totals
    assert totals == [("First-time download", [("count", "5")]), ("Redownload", [("count", "7")])]


def test_it_writes_estimates_in_dollars_with_their_cents(db: None, login: Login) -> None:
    file = make.AnalyticsDeliveryFactory.make(report="App Store Purchases Standard")
    for line, (proceeds, sales) in enumerate((("2.5", "3.99"), ("-2.5", "-3.99"), ("7", "9.99"))):
        PurchaseRow.objects.create(
            id=make.row_id(file.pk, line + 2), day=make.DAY, purchase_type="In-app purchase", purchases=1,
            proceeds_usd=Decimal(proceeds), sales_usd=Decimal(sales),
        )  # fmt: skip
    response = login("Viewer").get(f"/admin/reports/purchaserow/?delivery={file.pk}")
    # 2.50 - 2.50 + 7.00 and 3.99 - 3.99 + 9.99
    assert response.context["cl"].totals == [
        ("In-app purchase", [("purchases", "3"), ("proceeds, USD", "7.00"), ("sales, USD", "9.99")])
    ]


def test_it_exports_every_column_with_the_place_of_the_row(db: None, login: Login) -> None:
    file = make.AnalyticsDeliveryFactory.make(report="App Store Discovery and Engagement Detailed")
    EngagementRow.objects.create(
        id=make.row_id(file.pk, 7), day=make.DAY, event="Page view", campaign="autumn", counts=11
    )
    response = login("Viewer").get(f"/admin/reports/engagementrow/export/csv/?delivery={file.pk}")
    told = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    head, row = told.splitlines()[-2:]
    assert head.startswith("Delivery,Line,Day,")
    assert row.startswith(f"{file.pk},7,{make.DAY},")
    assert "autumn" in row


def test_the_page_of_an_analytics_file_leads_to_its_rows(db: None, login: Login) -> None:
    file = make.AnalyticsDeliveryFactory.make()
    page = login("Viewer").get(f"/admin/reports/reportinstance/{file.pk}/change/").content.decode()
    assert f'href="{LIST}?delivery={file.pk}"' in page


def test_it_shows_columns_that_nobody_described_as_they_came(db: None, login: Login) -> None:
    make.make_row_of_each_analytics_report()
    assert "Crashes: 3" in login("Viewer").get("/admin/reports/otheranalyticsrow/").content.decode()
