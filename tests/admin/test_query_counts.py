from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories as make
from tests.admin.conftest import Cast
from tests.subscriptions.rows import one_of_each

MOST = 20
ROWS = 12
PAGES = ["/admin/", "run", "finding", "reportinstance", "consoleexport", "job", "subscription", "customer"]


@pytest.fixture
def many(cast: Cast) -> None:
    """A dozen rows in every list, so that a query per row would show."""
    for number in range(ROWS):
        app = make.AppFactory.make(apple_id=1600000000 + number, sku=f"APP{number}")
        make.FindingFactory.make(app=app)
        make.SalesRowFactory.make(delivery=cast.instance, line=10_000 + number)
        make.FinanceRowFactory.make(delivery=cast.instance, line=20_000 + number)
        make.ConsoleRowFactory.make(delivery=cast.export, line=10_000 + number)
        make.make_row_of_each_analytics_report(10_000 + number)
        make.make_row_of_each_subscription_report(10_000 + number)
        make.ReportInstanceFactory.make()
        make.ConsoleExportFactory.make(app=app)
        make.RunFactory.make(app=app)
        make.CoverageCellFactory.make(region_code=f"R{number}")
        make.AnalyticsCellFactory.make(report=f"Report {number}")
        request = make.ReportRequestFactory.make(app=app)
        make.AnalyticsInstanceFactory.make(report=make.AnalyticsReportFactory.make(request=request))
        make.ApiProblemFactory.make()
        make.OutboxMessageFactory.make()
        make.DigestScheduleFactory.make()
        make.VendorFactory.make(number=f"9000000{number}", account=make.AccountFactory.make(name=f"Account {number}"))
        make.RuleFactory.make(key=f"rule-{number}")
        make.JobFactory.make()
        make.UserFactory.make()
        one_of_each(app, number + 2)


@pytest.mark.parametrize("model", sorted(m._meta.label_lower for m in admin.site._registry))
def test_it_lists_everything_in_at_most_20_queries(model: str, many: None, login: Callable[[str], Client]) -> None:
    client = login("Administrator")
    url = reverse(f"admin:{model.replace('.', '_')}_changelist")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    assert len(queries) <= MOST, [query["sql"][:150] for query in queries]


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_the_pages_in_at_most_20_queries(
    page: str, many: None, cast: Cast, login: Callable[[str], Client]
) -> None:
    client = login("Administrator")
    app = {"job": "jobs", "subscription": "subscriptions", "customer": "subscriptions"}.get(page, "reports")
    url = page if page.startswith("/") else reverse(f"admin:{app}_{page}_change", args=[cast.pks[page]])
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    assert len(queries) <= MOST, [query["sql"][:150] for query in queries]


@pytest.mark.parametrize(
    "page",
    [
        "coveragecell/calendar/",
        "coveragecell/calendar/app/{app}/?month=2026-10",
        "coveragecell/calendar/account/{account}/?month=2026-10",
        "coveragecell/task/?app={app}&month=2026-10",
        "coveragecell/{cell}/change/",
        "app/{app}/requests/",
        "finding/{finding}/ask/",
    ],
)
def test_it_opens_the_pages_of_the_ledger_in_at_most_20_queries(
    page: str, many: None, cast: Cast, login: Callable[[str], Client]
) -> None:
    client = login("Administrator")
    keys = {
        "app": cast.app.pk,
        "account": cast.account.pk,
        "cell": cast.pks["coveragecell"],
        "finding": cast.finding.pk,
    }
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/admin/reports/{page.format(**keys)}")
    assert response.status_code == 200
    assert len(queries) <= MOST, [query["sql"][:150] for query in queries]


def test_it_never_counts_a_row_table(many: None, login: Callable[[str], Client]) -> None:
    client = login("Viewer")
    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/reports/salesrow/")
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "reports_salesrow" in query["sql"]]
    assert counts
    assert all("LIMIT 10001" in sql for sql in counts)
