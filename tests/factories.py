"""One cast of characters for all tests: an account, its vendor, an app, and what is delivered for it."""

# factory_boy's declarations have no types.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from factory.declarations import LazyAttribute, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from ascrecon.jobs.models import Job
from reports.models import (
    Access,
    Account,
    AnalyticsInstance,
    AnalyticsReport,
    ApiProblem,
    App,
    Cause,
    CellState,
    ConsoleExport,
    ConsoleRow,
    CoverageCell,
    DeliveryState,
    DigestSchedule,
    DownloadRow,
    EngagementRow,
    FinanceRow,
    Finding,
    FindingDay,
    FindingEvent,
    FindingKind,
    FiscalMonth,
    Grain,
    InstallationRow,
    InstanceState,
    Kind,
    Member,
    OtherAnalyticsRow,
    OutboxMessage,
    PreOrderRow,
    PurchaseRow,
    RawFile,
    ReportInstance,
    ReportRequest,
    RequestState,
    RowReject,
    Rule,
    Run,
    RunLine,
    SalesFigures,
    SalesRow,
    Series,
    SessionRow,
    Severity,
    Side,
    SubscriberRow,
    SubscriptionChangeRow,
    SubscriptionCountRow,
    SubscriptionEventRow,
    SubscriptionReport,
    SubscriptionStateRow,
    Vendor,
    Vintage,
    Zone,
)
from reports.models.rows import LINE_BITS

T = TypeVar("T")
MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = date(2026, 10, 12)


class Made(DjangoModelFactory[T]):
    """A factory whose calls are typed by the model that it makes."""

    class Meta:
        abstract = True

    @classmethod
    def make(cls, **kwargs: Any) -> T:
        made: T = cls.create(**kwargs)
        return made


class UserFactory(Made[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = Sequence(lambda n: f"person{n}")
    is_staff = True

    @classmethod
    def in_role(cls, role: str) -> User:
        """Somebody of the group `Viewer`, `Analyst` or `Administrator`."""
        user = cls.make(username=role.lower())
        user.groups.add(Group.objects.get(name=role))
        return user


class AccountFactory(Made[Account]):
    class Meta:
        model = Account
        django_get_or_create = ("name",)

    name = "Acme"
    pull_analytics = False


class VendorFactory(Made[Vendor]):
    class Meta:
        model = Vendor
        django_get_or_create = ("number",)

    account = SubFactory(AccountFactory)
    number = "80000001"


class AppFactory(Made[App]):
    class Meta:
        model = App
        django_get_or_create = ("account", "apple_id")

    account = SubFactory(AccountFactory)
    apple_id = 1500000001
    sku = "NOTES"
    name = "Acme Notes"
    bundle_id = "com.acme.notes"


class RawFileFactory(Made[RawFile]):
    """Bytes that are really in the store; `content` says which."""

    class Meta:
        model = RawFile
        django_get_or_create = ("sha256",)

    class Params:
        content = Sequence(lambda n: f"file {n}\n".encode())

    sha256 = LazyAttribute(lambda o: hashlib.sha256(o.content).hexdigest())
    size = LazyAttribute(lambda o: len(o.content))
    stored_as = LazyAttribute(lambda o: default_storage.save(f"raw/{o.sha256[:2]}/{o.sha256}", ContentFile(o.content)))
    created_at = MORNING


class ReportInstanceFactory(Made[ReportInstance]):
    """A loaded sales report of one day."""

    class Meta:
        model = ReportInstance

    side = Side.API
    kind = Kind.SALES
    report = "SALES/SUMMARY/DAILY"
    vendor = SubFactory(VendorFactory)
    account = SelfAttribute("vendor.account")
    file_name = "S_D_80000001_20261012.txt"
    raw_file = SubFactory(RawFileFactory)
    period_start = DAY
    period_end = SelfAttribute("period_start")
    grain = Grain.DAY
    timezone = Zone.PACIFIC
    state = DeliveryState.LOADED
    received_at = MORNING


class ConsoleExportFactory(Made[ConsoleExport]):
    """An App Analytics export of October, loaded."""

    class Meta:
        model = ConsoleExport

    side = Side.CONSOLE
    kind = Kind.A1
    report = "app_units"
    app = SubFactory(AppFactory)
    account = SelfAttribute("app.account")
    file_name = "app_units-acme_notes.csv"
    raw_file = SubFactory(RawFileFactory)
    member_name = SelfAttribute("file_name")
    period_start = date(2026, 10, 1)
    period_end = date(2026, 10, 31)
    grain = Grain.DAY
    timezone = Zone.UTC
    state = DeliveryState.LOADED
    received_at = MORNING


class RowRejectFactory(Made[RowReject]):
    class Meta:
        model = RowReject

    delivery = SubFactory(ConsoleExportFactory)
    line = 14
    column = "App Units"
    seen = "1.2.3"
    why = "This is not a number."


class SeriesFactory(Made[Series]):
    class Meta:
        model = Series
        django_get_or_create = ("account", "vendor", "side", "kind", "report")

    vendor = SubFactory(VendorFactory)
    account = SelfAttribute("vendor.account")
    side = Side.API
    kind = Kind.SALES
    report = "SALES/SUMMARY/DAILY"
    grain = Grain.DAY
    timezone = Zone.PACIFIC


class VintageFactory(Made[Vintage]):
    class Meta:
        model = Vintage

    series = SubFactory(SeriesFactory)
    delivery = SubFactory(ReportInstanceFactory)
    period_start = SelfAttribute("delivery.period_start")
    period_end = SelfAttribute("delivery.period_end")
    taken_on = SelfAttribute("delivery.period_end")
    received_at = SelfAttribute("delivery.received_at")
    current = True


def row_id(delivery_id: int, line: int) -> int:
    return (delivery_id << LINE_BITS) + line


class SalesRowFactory(Made[SalesRow]):
    """One unit sold in the United States; `delivery` and `line` make its key."""

    class Meta:
        model = SalesRow

    class Params:
        delivery = SubFactory(ReportInstanceFactory)
        line = Sequence(lambda n: n + 2)

    id = LazyAttribute(lambda o: row_id(o.delivery.pk, o.line))
    day = DAY
    end_day = DAY
    sku = "notes.pro.monthly"
    title = "Pro, monthly"
    product_type = "IAY"
    units = Decimal(1)
    developer_proceeds = Decimal("3.49")
    proceeds_currency = "USD"
    country = "US"
    customer_price = Decimal("4.99")
    customer_currency = "USD"
    apple_id = 1500000101


class FinanceRowFactory(Made[FinanceRow]):
    class Meta:
        model = FinanceRow

    class Params:
        delivery = SubFactory(ReportInstanceFactory, kind=Kind.FINANCIAL, report="FINANCE/FINANCIAL")
        line = Sequence(lambda n: n + 2)

    id = LazyAttribute(lambda o: row_id(o.delivery.pk, o.line))
    start_day = date(2026, 9, 27)
    end_day = date(2026, 10, 31)
    sku = "notes.pro.monthly"
    quantity = Decimal(2)
    partner_share = Decimal("490")
    extended_partner_share = Decimal("980")
    currency = "JPY"
    sales_or_return = "S"
    country = "JP"


class ConsoleRowFactory(Made[ConsoleRow]):
    class Meta:
        model = ConsoleRow

    class Params:
        delivery = SubFactory(ConsoleExportFactory)
        line = Sequence(lambda n: n + 6)

    id = LazyAttribute(lambda o: row_id(o.delivery.pk, o.line))
    label = "10/12/26"
    cells = {"Date": "10/12/26", "App Units": "412"}


class AnalyticsDeliveryFactory(ReportInstanceFactory):
    """A daily instance of an analytics report, loaded; it has no vendor."""

    class Meta:
        model = ReportInstance

    kind = Kind.ANALYTICS
    report = "App Downloads Standard"
    vendor = None
    app = SubFactory(AppFactory)
    account = SelfAttribute("app.account")
    file_name = LazyAttribute(lambda o: f"{o.report} DAILY {o.period_end}")  # type: ignore[assignment]
    timezone = Zone.UTC


class AnalyticsSeriesFactory(Made[Series]):
    class Meta:
        model = Series
        django_get_or_create = ("account", "app", "side", "kind", "report", "grain")

    app = SubFactory(AppFactory)
    account = SelfAttribute("app.account")
    side = Side.API
    kind = Kind.ANALYTICS
    report = "App Downloads Standard"
    grain = Grain.DAY
    timezone = Zone.UTC


class AnalyticsVintageFactory(VintageFactory):
    """What one analytics delivery told of its first day."""

    class Meta:
        model = Vintage

    delivery = SubFactory(AnalyticsDeliveryFactory)
    series = LazyAttribute(  # type: ignore[assignment]
        lambda o: AnalyticsSeriesFactory.make(app=o.delivery.app, report=o.delivery.report, grain=o.delivery.grain)
    )
    period_end = SelfAttribute("period_start")
    taken_on = SelfAttribute("delivery.period_end")


class DownloadRowFactory(Made[DownloadRow]):
    """Five first-time downloads in the United States."""

    class Meta:
        model = DownloadRow

    class Params:
        delivery = SubFactory(AnalyticsDeliveryFactory)
        line = Sequence(lambda n: n + 2)

    id = LazyAttribute(lambda o: row_id(o.delivery.pk, o.line))
    day = DAY
    apple_id = 1500000001
    download_type = "First-time download"
    territory = "US"
    counts = Decimal(5)


def make_row_of_each_analytics_report(line: int = 2) -> dict[str, int]:
    """One row in each table of analytics reports: the name of the model to the key of its row."""
    keys = {"downloadrow": DownloadRowFactory.make(line=line).pk}
    for number, (model, measures) in enumerate(ANALYTICS_MEASURES.items()):
        delivery = AnalyticsDeliveryFactory.make(report=f"Report {number}")
        row = model.objects.create(id=row_id(delivery.pk, line), day=DAY, apple_id=1500000001, **measures)
        keys[str(model._meta.model_name)] = row.pk
    return keys


ANALYTICS_MEASURES: dict[Any, dict[str, Any]] = {
    PurchaseRow: {"purchases": 1, "proceeds_usd": Decimal("2.79"), "sales_usd": Decimal("3.99")},
    EngagementRow: {"event": "Impression", "counts": 7},
    InstallationRow: {"event": "Install", "counts": 6},
    SessionRow: {"sessions": 9, "total_session_duration": 540},
    PreOrderRow: {"placed": 2, "canceled": 1},
    SubscriptionStateRow: {"state_metric": "Active", "counts": 8},
    SubscriptionEventRow: {"event": "Renew", "counts": 4},
    OtherAnalyticsRow: {"extra": {"Crashes": "3"}},
}


def make_row_of_each_subscription_report(line: int = 2) -> dict[str, int]:
    """One row in each table of the subscription reports of Sales and Trends: the model's name to the key of its row."""
    told: dict[Any, dict[str, Any]] = {
        SubscriptionCountRow: {"active_standard": 5, "customer_price": Decimal("9.99"), "customer_currency": "USD"},
        SubscriptionChangeRow: {"day": DAY, "event": "Renew", "quantity": 2},
        SubscriberRow: {"day": DAY, "units": 1, "customer_price": Decimal("9.99"), "customer_currency": "USD"},
    }
    keys = {}
    for report, (model, values) in zip(SubscriptionReport, told.items(), strict=True):
        delivery = ReportInstanceFactory.make(kind=report.kind, report=report.value, file_name=f"{report.kind}.txt")
        row = model.objects.create(
            id=row_id(delivery.pk, line), apple_id=1500000001, subscription_name="Pro", country="US", **values
        )
        keys[str(model._meta.model_name)] = row.pk
    return keys


class ReportRequestFactory(Made[ReportRequest]):
    """The ongoing request of an app, made in the morning; its first report came nine hours later."""

    class Meta:
        model = ReportRequest
        django_get_or_create = ("app", "access")

    app = SubFactory(AppFactory)
    account = SelfAttribute("app.account")
    apple_id = Sequence(lambda n: f"request-{n}")
    access = Access.ONGOING
    state = RequestState.ARRIVING
    asked_at = MORNING
    expected_by = datetime(2026, 11, 22, 9, tzinfo=UTC)
    first_instance_at = datetime(2026, 11, 20, 18, tzinfo=UTC)


class AnalyticsReportFactory(Made[AnalyticsReport]):
    class Meta:
        model = AnalyticsReport

    request = SubFactory(ReportRequestFactory)
    apple_id = Sequence(lambda n: f"report-{n}")
    name = "App Downloads Standard"
    category = "COMMERCE"


class AnalyticsInstanceFactory(Made[AnalyticsInstance]):
    class Meta:
        model = AnalyticsInstance

    report = SubFactory(AnalyticsReportFactory)
    apple_id = Sequence(lambda n: f"instance-{n}")
    granularity = "DAILY"
    processing_date = date(2026, 10, 14)
    state = InstanceState.LOADED
    seen_at = MORNING


class RuleFactory(Made[Rule]):
    class Meta:
        model = Rule
        django_get_or_create = ("key",)

    key = "units_test"
    title = "App Units against units of first downloads"
    console_metric = "app_units"
    api_report = Rule.Report.SALES_DAILY
    api_measure = Rule.Measure.UNITS


class RunFactory(Made[Run]):
    class Meta:
        model = Run

    account = SubFactory(AccountFactory)
    period_start = date(2026, 10, 1)
    period_end = date(2026, 10, 31)
    state = Run.State.DONE
    started_at = MORNING
    finished_at = MORNING


class FindingFactory(Made[Finding]):
    """Three days on which the API lost its positive rows: 41.30 USD of the console are not in Apple's report."""

    class Meta:
        model = Finding

    public_id = Sequence(lambda n: f"{n:016x}")
    kind = FindingKind.MISSING_SALES_VALUES
    cause = Cause.POSITIVE_ROWS_MISSING
    severity = Severity.HIGH
    app = SubFactory(AppFactory)
    account = SelfAttribute("app.account")
    report = "SALES/SUMMARY/DAILY"
    metric = "proceeds"
    currency = "USD"
    from_day = DAY
    to_day = date(2026, 10, 14)
    api_value = Decimal("-3.49")
    console_value = Decimal("37.81")
    difference = Decimal("41.30")
    explained = Decimal("41.30")
    residual = Decimal(0)
    money_at_risk = {"USD": "41.30"}
    first_seen = MORNING
    last_seen = MORNING
    message = "Acme Notes lost its sales of three days: Apple's report has refunds only."
    next_step = "Ask Apple to issue 2026-10-12 to 2026-10-14 again."
    detector = "test"


class FindingDayFactory(Made[FindingDay]):
    class Meta:
        model = FindingDay

    finding = SubFactory(FindingFactory)
    period_start = DAY
    period_end = SelfAttribute("period_start")
    api_value = Decimal("-3.49")
    console_value = Decimal("10.47")
    difference = Decimal("13.96")
    explained = Decimal("13.96")


class FindingEventFactory(Made[FindingEvent]):
    class Meta:
        model = FindingEvent

    finding = SubFactory(FindingFactory)
    at = MORNING
    actor = "ascrecon"
    action = "opened"


class RunLineFactory(Made[RunLine]):
    class Meta:
        model = RunLine

    run = SubFactory(RunFactory)
    n = Sequence(lambda n: n + 1)
    rule = SubFactory(RuleFactory)
    period_start = DAY
    period_end = DAY
    app = SubFactory(AppFactory)
    currency = "USD"
    api_value = Decimal("-3.49")
    console_value = Decimal("10.47")
    difference = Decimal("13.96")
    kind = FindingKind.VALUE_MISMATCH
    cause = Cause.UNEXPLAINED


class CoverageCellFactory(Made[CoverageCell]):
    class Meta:
        model = CoverageCell

    vendor = SubFactory(VendorFactory)
    account = SelfAttribute("vendor.account")
    report = "SALES/SUMMARY/DAILY"
    granularity = Grain.DAY
    date = DAY
    period_end = SelfAttribute("date")
    state = CellState.FINAL
    due = MORNING


class AnalyticsCellFactory(CoverageCellFactory):
    """A day of an app's analytics report that is final."""

    class Meta:
        model = CoverageCell

    vendor = None
    app = SubFactory(AppFactory)
    account = SelfAttribute("app.account")
    report = "App Downloads Standard"


class ApiProblemFactory(Made[ApiProblem]):
    class Meta:
        model = ApiProblem

    account = SubFactory(AccountFactory)
    at = MORNING
    report = "SALES/SUMMARY/DAILY"
    path = "/v1/salesReports"
    cause = Cause.SERVER_ERROR
    status = 502


class MemberFactory(Made[Member]):
    class Meta:
        model = Member
        django_get_or_create = ("id",)

    id = 1
    dims = {"territory": "US"}


class SalesFiguresFactory(Made[SalesFigures]):
    """What one member of a sales report sold."""

    class Meta:
        model = SalesFigures

    n = Sequence(lambda n: n + 1)
    member = SubFactory(MemberFactory)
    units = Decimal(1)
    sold_rows = 1


class FiscalMonthFactory(Made[FiscalMonth]):
    class Meta:
        model = FiscalMonth
        django_get_or_create = ("year", "month")

    year = 2027
    month = 1
    start = date(2026, 9, 27)
    end = date(2026, 10, 31)
    source = "test"


class DigestScheduleFactory(Made[DigestSchedule]):
    class Meta:
        model = DigestSchedule

    recipients = "finance@example.com"


class OutboxMessageFactory(Made[OutboxMessage]):
    class Meta:
        model = OutboxMessage

    schedule = SubFactory(DigestScheduleFactory)
    digest_key = Sequence(lambda n: f"digest {n}")
    recipient = "finance@example.com"
    subject = "3 findings"
    body = "Text"
    message_id = Sequence(lambda n: f"<{n}@example.com>")
    created_at = MORNING


class JobFactory(Made[Job]):
    class Meta:
        model = Job

    kind = "test.kind"
    subject = "Reconcile 2026-10-01 to 2026-10-31"
