from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from pytest import MonkeyPatch

from reports.admin import paginator, rows
from reports.admin.paginator import CappedPaginator
from reports.models import SalesRow
from tests import factories as make

LIST = "/admin/reports/salesrow/"


def lines(client: Client, query: str) -> list[int]:
    """Lines of the rows on the list, from top to bottom."""
    response = client.get(f"{LIST}?{query}")
    assert response.status_code == 200
    return [row.line for row in response.context["cl"].result_list]


def test_it_lists_a_chosen_file_from_its_first_line_on(db: None, login: Callable[[str], Client]) -> None:
    one, other = make.ReportInstanceFactory.make(), make.ReportInstanceFactory.make()
    for line in (2, 3):
        make.SalesRowFactory.make(delivery=one, line=line)
        make.SalesRowFactory.make(delivery=other, line=line + 10)
    client = login("Viewer")
    assert lines(client, f"delivery={one.pk}") == [2, 3]
    assert lines(client, f"delivery={one.pk}&line=3") == [3]
    assert lines(client, "") == [13, 12, 3, 2]


def test_it_lists_a_day_as_the_current_vintage_tells_it(db: None, login: Callable[[str], Client]) -> None:
    current, replaced = make.ReportInstanceFactory.make(), make.ReportInstanceFactory.make()
    vintage = make.VintageFactory.make(delivery=current)
    make.VintageFactory.make(delivery=replaced, series=vintage.series, current=False)
    make.SalesRowFactory.make(delivery=current, line=2)
    make.SalesRowFactory.make(delivery=replaced, line=3)
    assert lines(login("Viewer"), f"day={make.DAY}") == [2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("country=jp", [3]),
        ("product_type=1F", [4]),
        ("proceeds_currency=eur", [4]),
        ("q=notes.pro", [3, 2]),
        ("apple_id=7", [4]),
    ],
)
def test_it_filters_and_searches(query: str, found: list[int], db: None, login: Callable[[str], Client]) -> None:
    file = make.ReportInstanceFactory.make()
    make.SalesRowFactory.make(delivery=file, line=2)
    make.SalesRowFactory.make(delivery=file, line=3, country="JP")
    make.SalesRowFactory.make(
        delivery=file, line=4, product_type="1F", proceeds_currency="EUR", sku="CAMERA", apple_id=7
    )
    assert lines(login("Viewer"), query) == found


def test_it_adds_up_a_chosen_file_by_currency(db: None, login: Callable[[str], Client]) -> None:
    delivery = make.ReportInstanceFactory.make()
    for line, (units, proceeds, currency) in enumerate(((3, "3.49", "USD"), (-1, "3.49", "USD"), (2, "490", "JPY"))):
        make.SalesRowFactory.make(
            delivery=delivery, line=line + 2, units=units, developer_proceeds=proceeds, proceeds_currency=currency
        )
    response = login("Viewer").get(f"/admin/reports/salesrow/?delivery={delivery.pk}")
    # 3 x 3.49 - 3.49 = 6.98; 2 x 490 = 980
    assert response.context["cl"].totals == [
        ("JPY", [("units", "2"), ("proceeds", "980")]),
        ("USD", [("units", "2"), ("proceeds", "6.98")]),
    ]
    assert login("Viewer").get("/admin/reports/salesrow/").context["cl"].totals == []


def test_it_lists_an_app_with_its_in_app_purchases(db: None, login: Callable[[str], Client]) -> None:
    app = make.AppFactory.make()
    rows = ({"apple_id": app.apple_id}, {"apple_id": 7, "parent_identifier": app.sku}, {"apple_id": 8})
    for line, columns in enumerate(rows):
        make.SalesRowFactory.make(line=line + 2, **columns)
    listed = login("Viewer").get(f"/admin/reports/salesrow/?app={app.apple_id}").context["cl"].result_list
    assert sorted(row.line for row in listed) == [2, 3]


def test_it_says_when_only_the_newest_rows_were_looked_through(
    db: None, login: Callable[[str], Client], monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "NEWEST", 2)
    file = make.ReportInstanceFactory.make()
    for line in (2, 3, 4):
        make.SalesRowFactory.make(delivery=file, line=line, country="JP")
    client = login("Viewer")
    assert lines(client, "country=JP") == [4, 3]
    assert "were looked through" in client.get(f"{LIST}?country=JP").content.decode()
    assert lines(client, f"country=JP&delivery={file.pk}") == [2, 3, 4]


def test_it_looks_through_a_long_file_part_by_part(
    db: None, login: Callable[[str], Client], monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "LOOKED_THROUGH", 3)
    file = make.ReportInstanceFactory.make()
    for line in (2, 3, 4, 5, 6):
        make.SalesRowFactory.make(delivery=file, line=line, country="JP" if line in (3, 6) else "US")
    client = login("Viewer")
    first = client.get(f"{LIST}?delivery={file.pk}&country=JP")
    assert [row.line for row in first.context["cl"].result_list] == [3]
    assert "Lines 1 to 3 of this file were looked through." in first.content.decode()
    assert first.context["cl"].totals == [], "a part of a file has no total"
    second = client.get(f"{LIST}{first.context['cl'].further}")
    assert [row.line for row in second.context["cl"].result_list] == [6]
    assert "The lines from 4 on of this file were looked through." in second.content.decode()
    assert second.context["cl"].further is None
    assert lines(client, f"delivery={file.pk}&line=6") == [6]
    assert lines(client, f"delivery={file.pk}") == [2, 3, 4, 5, 6]


def test_it_exports_all_of_a_long_file_whatever_the_page_looked_through(
    db: None, login: Callable[[str], Client], monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "LOOKED_THROUGH", 2)
    file = make.ReportInstanceFactory.make()
    for line in (2, 3, 4, 5):
        make.SalesRowFactory.make(delivery=file, line=line, country="JP", sku=f"sku.{line}")
    response = login("Viewer").get(f"{LIST}export/csv/?delivery={file.pk}&country=JP")
    told = b"".join(response.streaming_content if response.streaming else [response.content]).decode()
    assert [f"sku.{line}" in told for line in (2, 3, 4, 5)] == [True] * 4


def test_it_goes_on_to_older_rows_of_a_day_and_of_all(
    db: None, login: Callable[[str], Client], monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "LOOKED_THROUGH", 2)
    monkeypatch.setattr(rows, "NEWEST", 2)
    file = make.ReportInstanceFactory.make()
    make.VintageFactory.make(delivery=file)
    for line in (2, 3, 4):
        make.SalesRowFactory.make(delivery=file, line=line, country="JP")
    client = login("Viewer")
    for query in (f"day={make.DAY}&country=JP", "country=JP"):
        page = client.get(f"{LIST}?{query}").context["cl"]
        assert [row.line for row in page.result_list] == [4, 3]
        older = client.get(f"{LIST}{page.further}").context["cl"]
        assert [row.line for row in older.result_list] == [2]
        assert older.further is None


@pytest.mark.parametrize("query", ["delivery=1_0", "delivery=%EF%BC%91", "day=tomorrow", "apple_id=1e9"])
def test_it_refuses_filters_that_are_no_numbers_or_days(query: str, db: None, login: Callable[[str], Client]) -> None:
    assert login("Viewer").get(f"{LIST}?{query}").status_code == 302


class TestPaginator:
    def test_it_counts_a_small_result_exactly(self, db: None) -> None:
        make.SalesRowFactory.make()
        pages = CappedPaginator(SalesRow.objects.order_by("-id"), 100)
        assert (pages.count, pages.is_capped, pages.total_text) == (1, False, "1")

    def test_it_stops_counting_at_the_cap(self, db: None, monkeypatch: MonkeyPatch) -> None:
        monkeypatch.setattr(paginator, "CAP", 2)
        file = make.ReportInstanceFactory.make()
        for line in range(5):
            make.SalesRowFactory.make(delivery=file, line=line)
        pages = CappedPaginator(SalesRow.objects.filter(country="US").order_by("-id"), 1)
        assert (pages.count, pages.num_pages, pages.total_text) == (2, 2, "more than 2")

    def test_it_estimates_a_whole_table_from_its_statistics(self, db: None, monkeypatch: MonkeyPatch) -> None:
        monkeypatch.setattr(paginator, "CAP", 2)
        file = make.ReportInstanceFactory.make()
        for line in range(5):
            make.SalesRowFactory.make(delivery=file, line=line)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE reports_salesrow")
        assert CappedPaginator(SalesRow.objects.order_by("-id"), 1).total_text == "about 5"


@pytest.mark.parametrize("url", ["add/", "{pk}/delete/"])
def test_it_is_evidence_that_nobody_changes(url: str, db: None, admin_client: Client) -> None:
    row = make.SalesRowFactory.make()
    assert admin_client.get(LIST + url.format(pk=row.pk)).status_code == 403
    admin_client.post(f"{LIST}{row.pk}/change/", {"units": "1000"})
    row.refresh_from_db()
    assert row.units == 1
