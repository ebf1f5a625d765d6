from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ascrecon.jobs.models import Job
from reports.models import Account, App, ConsoleExport, DeliveryState, Finding, ReportInstance, Rule, Run
from tests import factories as make
from tests.subscriptions.rows import one_of_each

ROLES = ("Viewer", "Analyst", "Administrator")


@dataclass
class Cast:
    """One of everything that has a page."""

    account: Account
    app: App
    instance: ReportInstance
    earlier: ReportInstance
    export: ConsoleExport
    waiting: ConsoleExport
    finding: Finding
    run: Run
    rule: Rule
    job: Job
    pks: dict[str, Any]


@pytest.fixture
def login(db: None) -> Callable[[str], Client]:
    """`login("Viewer")` is a browser in which somebody of that role is signed in."""

    def signed_in(role: str) -> Client:
        client = Client()
        client.force_login(User.objects.filter(username=role.lower()).first() or make.UserFactory.in_role(role))
        return client

    return signed_in


@pytest.fixture
def cast(db: None) -> Cast:
    instance = make.ReportInstanceFactory.make(
        totals={"units": "12", "by_currency": {"USD": "41.30", "JPY": "4900"}, "refund_rows": 1}, rows_read=3
    )
    earlier = make.ReportInstanceFactory.make(
        totals={"units": "10", "by_currency": {"USD": "34.32"}}, received_at=make.MORNING - timedelta(days=1)
    )
    vintage = make.VintageFactory.make(delivery=instance)
    make.VintageFactory.make(delivery=earlier, series=vintage.series, current=False)
    row = make.SalesRowFactory.make(delivery=instance, line=2)
    finance = make.FinanceRowFactory.make(line=2)
    export = make.ConsoleExportFactory.make()
    waiting = make.ConsoleExportFactory.make(state=DeliveryState.CANCELLED, file_name="cancelled.csv")
    rule, run = make.RuleFactory.make(), make.RunFactory.make(compared=3, equal=1)
    run.by_rule = [{"rule": rule.key, "metric": "app_units", "compared": 3, "equal": 1, "within_tolerance": 0}]
    run.save()
    evidence = [{"file": instance.file_name, "sha256": instance.raw_file.sha256, "line": 2}]
    finding = make.FindingFactory.make(rule=rule, run=run, evidence=evidence)
    make.FindingDayFactory.make(finding=finding, api_vintage=vintage)
    make.FindingEventFactory.make(finding=finding, text="It was seen.")
    make.RunLineFactory.make(run=run, rule=rule, n=1, finding=finding)
    make.RunLineFactory.make(run=run, rule=rule, n=2, currency="JPY")
    cell, problem = make.CoverageCellFactory.make(), make.ApiProblemFactory.make()
    mail = make.OutboxMessageFactory.make()
    job = make.JobFactory.make(requested_by="analyst")
    pks = {
        "finding": finding.pk, "run": run.pk, "reportinstance": instance.pk, "salesrow": row.pk,
        "financerow": finance.pk, "consoleexport": export.pk, "coveragecell": cell.pk,
        "apiproblem": problem.pk, "account": instance.account_id,
        "app": export.app_id, "rule": rule.pk, "outboxmessage": mail.pk, "digestschedule": mail.schedule_id,
        "rawfile": instance.raw_file_id, "job": job.pk, "fiscalmonth": make.FiscalMonthFactory.make().pk,
        "consolerow": make.ConsoleRowFactory.make(delivery=export).pk,
        "user": make.UserFactory.make(username="somebody").pk,
        **make.make_row_of_each_analytics_report(),
        **make.make_row_of_each_subscription_report(),
        "analyticsinstance": make.AnalyticsInstanceFactory.make().pk,
        "reportrequest": make.ReportRequestFactory.make().pk,
    }  # fmt: skip
    assert instance.account and export.app
    pks |= one_of_each(export.app)
    return Cast(instance.account, export.app, instance, earlier, export, waiting, finding, run, rule, job, pks)
