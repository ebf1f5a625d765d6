"""From a new rule to its first finding, all of it through the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from reports.models import Account, ConsoleExport, Finding, Rule, Run
from tests.doors import told
from tests.make_files import DAY, download, metric_export, sale, sales_report

RULE = {
    "title": "App Analytics: in-app purchases",
    "key": "in_app_purchases",
    "enabled": "on",
    "console_kind": "A1",
    "console_metric": "in_app_purchases",
    "api_report": "SALES/SUMMARY/DAILY",
    "api_measure": "units",
    "api_filter": '{"product_type": ["IA*"]}',
    "alternative_filter": "null",
    "timezone": "America/Los_Angeles",
    "cut": "app",
    "grain": "day",
    "additive": "on",
    "tolerance": "0",
    "tolerance_percent": "0",
    "completeness_days": "2",
    "notes": "Seen on our own app.",
}


@pytest.fixture
def administrator(login: Callable[[str], Client], clock: Callable[[datetime], None]) -> Client:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    return login("Administrator")


def run_what_is_queued() -> None:
    for job in Job.objects.filter(state="queued").order_by("pk"):
        run_now(job)


def confirm_upload(client: Client, file: Path) -> None:
    account = Account.objects.get(vendors__number="80000001")
    chosen = SimpleUploadedFile(file.name, file.read_bytes())
    client.post("/admin/reports/consoleexport/upload/", {"chosen": [chosen], "account": account.pk})
    client.post(f"/admin/reports/consoleexport/{ConsoleExport.objects.get().pk}/confirm/")
    run_what_is_queued()


def test_a_rule_that_an_administrator_adds_finds_what_differs(administrator: Client, tmp_path: Path) -> None:
    # three in-app purchases and five downloads; the rule takes the three only
    told("load_report", sales_report(tmp_path / "api", sale(3), download(5)))
    confirm_upload(administrator, metric_export(tmp_path, {DAY: 4}, metric="In-App Purchases"))
    assert not Finding.objects.exists()

    assert administrator.post("/admin/reports/rule/add/", RULE).status_code == 302
    rule = Rule.objects.get(key="in_app_purchases")
    administrator.post("/admin/reports/run/start/", {"period_start": str(DAY), "period_end": str(DAY)})
    run_what_is_queued()

    finding = Finding.objects.get(rule=rule)
    page = administrator.get(f"/admin/reports/run/{Run.objects.latest('pk').pk}/change/").content.decode()
    # 4 in the console, 3 in the API
    assert (finding.console_value, finding.api_value, finding.difference) == (4, 3, 1)
    assert "App Analytics: in-app purchases" in page
    assert f"/admin/reports/finding/{finding.pk}/change/" in page


def test_a_rule_with_a_filter_that_cannot_be_meant_is_refused(administrator: Client) -> None:
    response = administrator.post("/admin/reports/rule/add/", {**RULE, "api_filter": '["IA*"]'})
    assert "a field and a list of values" in response.content.decode()
    assert not Rule.objects.filter(key="in_app_purchases").exists()
