from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime

import pytest
from werkzeug import Response

from ascrecon.appstore import Absent, AppStoreError, Basis, Category, Download, Reason, load_catalogue
from ascrecon.appstore.periods import calendar_label, latest_due_date, sales_period
from ascrecon.appstore.policy import policy_facts

from .conftest import VENDOR, Bench, refusal, report

SALES = "/v1/salesReports"
FINANCE = "/v1/financeReports"
DAY = date(2026, 11, 18)
TITLE = "The request expected results but none were found"
NO_SALES = "There were no sales for the date specified."
VERSION = "The version parameter you have specified is invalid. The latest version for this report is {}."


def wants_version(version: str) -> Response:
    return refusal(
        400, "PARAMETER_ERROR.INVALID", VERSION.format(version), "A parameter has an invalid value",
        parameter="filter[version]",
    )  # fmt: skip


def absent(bench: Bench, day: date = DAY) -> Absent:
    answer = bench.client.sales_report(VENDOR, "SALES", "SUMMARY", "DAILY", day).report
    assert isinstance(answer, Absent)
    return answer


@pytest.mark.parametrize(
    ("frequency", "report_date", "first", "last"),
    [
        ("DAILY", "2026-11-18", "2026-11-18", "2026-11-18"),
        ("WEEKLY", "2026-11-22", "2026-11-16", "2026-11-22"),  # Monday to the Sunday that names it
        ("MONTHLY", "2026-11", "2026-11-01", "2026-11-30"),
        ("YEARLY", "2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_it_asks_for_a_period_the_way_apple_writes_it(
    bench: Bench, frequency: str, report_date: str, first: str, last: str
) -> None:
    bench.apple.answers(SALES, report())
    answer = bench.client.sales_report(VENDOR, "SALES", "SUMMARY", frequency, DAY)
    assert dict(bench.apple.requests[0].args) == {
        "filter[vendorNumber]": VENDOR,
        "filter[reportType]": "SALES",
        "filter[reportSubType]": "SUMMARY",
        "filter[frequency]": frequency,
        "filter[reportDate]": report_date,
        "filter[version]": "1_0",
    }
    assert (answer.period.start, answer.period.end) == (date.fromisoformat(first), date.fromisoformat(last))


def test_it_keeps_sunday_in_the_week_that_it_ends() -> None:
    assert sales_period("WEEKLY", date(2026, 11, 22)).report_date == "2026-11-22"
    assert sales_period("WEEKLY", date(2026, 11, 23)).report_date == "2026-11-29"


def test_it_asks_once_more_for_the_version_that_apple_names(bench: Bench) -> None:
    bench.apple.answers(SALES, wants_version("1_1"), report())
    answer = bench.client.sales_report(VENDOR, "SALES", "SUMMARY", "DAILY", DAY)
    assert isinstance(answer.report, Download)
    assert (answer.version, answer.asked_version, answer.version_changed) == ("1_1", "1_0", True)
    assert [request.args["filter[version]"] for request in bench.apple.requests] == ["1_0", "1_1"]


@pytest.mark.parametrize(
    ("named", "calls"),
    [(["1_1", "1_0"], 2), (["1_0"], 1), (["none at all"], 1)],
    ids=["to and fro", "same", "none"],
)
def test_it_never_loops_over_versions(bench: Bench, named: list[str], calls: int) -> None:
    bench.apple.answers(SALES, *[wants_version(version) for version in named])
    with pytest.raises(AppStoreError) as caught:
        bench.client.sales_report(VENDOR, "SALES", "SUMMARY", "DAILY", DAY)
    assert caught.value.category is Category.VERSION
    assert len(bench.apple.requests) == calls


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        (NO_SALES, Reason.NO_SALES),
        ("Report is not available yet. Daily reports are available by 5 am Pacific Time.", Reason.NOT_YET),
        ("Daily reports are only available for past 365 days.", Reason.GONE),
        ("This report is no longer available.", Reason.GONE),
        ("There is no resource of type 'salesReports' with id '1'", Reason.WRONG_ID),
        ("Something that nobody has seen before.", Reason.UNKNOWN),
        ("", Reason.UNKNOWN),
    ],
)
def test_it_tells_by_apples_text_why_a_sales_report_is_absent(bench: Bench, detail: str, reason: Reason) -> None:
    bench.apple.answers(SALES, refusal(404, "NOT_FOUND", detail, TITLE))
    answer = absent(bench)
    assert (answer.reason, answer.basis, answer.detail) == (reason, Basis.TEXT, detail or TITLE)
    assert bench.client.calls == 1


def test_it_knows_that_a_410_is_past_retention(bench: Bench) -> None:
    bench.apple.answers(SALES, Response(status=410))
    assert absent(bench).reason is Reason.GONE


@pytest.mark.parametrize(
    ("now", "reason", "basis"),
    [
        # the day's report is due at 8 in the morning in Los Angeles, 16:00 UTC in winter
        (datetime(2026, 11, 19, 15, 59, tzinfo=UTC), Reason.NOT_YET, Basis.CALENDAR),
        (datetime(2026, 11, 19, 16, 0, tzinfo=UTC), Reason.NO_SALES, Basis.TEXT),
    ],
)
def test_it_takes_no_sales_before_the_due_time_for_not_yet(
    make_bench: Callable[..., Bench], now: datetime, reason: Reason, basis: Basis
) -> None:
    bench = make_bench(now=now)
    bench.apple.answers(SALES, refusal(404, "NOT_FOUND", NO_SALES, TITLE))
    answer = absent(bench)
    assert (answer.reason, answer.basis) == (reason, basis)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 11, 20), Reason.NOT_YET),
        (date(2026, 11, 18), Reason.NO_SALES),
        (date(2025, 11, 19), Reason.NO_SALES),  # came on 2025-11-20, kept 365 days: until today
        (date(2025, 11, 18), Reason.GONE),
    ],
)
def test_it_goes_by_the_calendar_where_the_text_says_nothing(bench: Bench, day: date, reason: Reason) -> None:
    bench.apple.answers(SALES, refusal(404, "NOT_FOUND", "No results were found.", TITLE))
    answer = absent(bench, day)
    assert (answer.reason, answer.basis) == (reason, Basis.CALENDAR)


@pytest.mark.parametrize("answer", [Response("<h1>Not Found</h1>", status=404), refusal(404, "PATH_ERROR")])
def test_it_never_takes_any_404_for_apples_word(bench: Bench, answer: Response) -> None:
    bench.apple.answers(SALES, answer)
    with pytest.raises(AppStoreError) as caught:
        absent(bench)
    assert caught.value.category is Category.NOT_FOUND


def test_it_asks_for_a_finance_file(bench: Bench) -> None:
    bench.apple.answers(FINANCE, report())
    answer = bench.client.finance_report(VENDOR, "FINANCE_DETAIL", "Z1", "2026-02")
    assert isinstance(answer.report, Download)
    assert dict(bench.apple.requests[0].args) == {
        "filter[vendorNumber]": VENDOR,
        "filter[reportType]": "FINANCE_DETAIL",
        "filter[regionCode]": "Z1",
        "filter[reportDate]": "2026-02",
    }


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        (datetime(2025, 12, 5, 20, tzinfo=UTC), Reason.NOT_YET),  # the first Friday itself
        (datetime(2025, 12, 6, 7, tzinfo=UTC), Reason.NOT_YET),  # still Friday in Los Angeles
        (datetime(2025, 12, 6, 20, tzinfo=UTC), Reason.NO_SALES),
        (datetime(2035, 12, 8, 20, tzinfo=UTC), Reason.GONE),
    ],
)
def test_it_tells_by_the_calendar_why_a_finance_file_is_absent(
    make_bench: Callable[..., Bench], today: datetime, reason: Reason
) -> None:
    bench = make_bench(now=today)
    bench.apple.answers(FINANCE, refusal(404, "NOT_FOUND", NO_SALES, TITLE))
    answer = bench.client.finance_report(VENDOR, "FINANCIAL", "US", "2026-02", due=date(2025, 12, 5)).report
    assert isinstance(answer, Absent)
    assert (answer.reason, answer.basis) == (reason, Basis.CALENDAR)


@pytest.mark.parametrize(
    ("fiscal_month", "label"),
    [("2013-03", (2012, 12)), ("2014-12", (2014, 9)), ("2024-01", (2023, 10)), ("2026-04", (2026, 1))],
)
def test_it_knows_the_calendar_label_of_a_fiscal_month(fiscal_month: str, label: tuple[int, int]) -> None:
    assert calendar_label(fiscal_month) == label


def test_it_takes_a_late_due_date_where_none_is_given() -> None:
    assert latest_due_date("2026-02", 18) == date(2025, 12, 18)
    assert latest_due_date("2026-03", 18) == date(2026, 1, 18)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("8000 0001", "FINANCIAL", "US", "2026-02"), "digits only"),
        ((VENDOR, "FINANCIAL", "Z1", "2026-02"), "not offered for region 'Z1'"),
        ((VENDOR, "FINANCE_DETAIL", "US", "2026-02"), "Known: Z1"),
        ((VENDOR, "FINANCIAL", "XX", "2026-02"), "'XX'"),
        ((VENDOR, "TAX", "US", "2026-02"), "no finance report 'TAX'"),
        ((VENDOR, "FINANCIAL", "US", "2026-13"), "no fiscal month"),
        ((VENDOR, "FINANCIAL", "US", "November"), "no fiscal month"),
    ],
)
def test_it_refuses_a_wrong_finance_request_without_a_call(
    bench: Bench, arguments: tuple[str, str, str, str], words: str
) -> None:
    with pytest.raises(AppStoreError, match=words):
        bench.client.finance_report(*arguments)
    assert bench.client.calls == 0


def test_it_refuses_a_report_that_apple_does_not_offer(bench: Bench) -> None:
    with pytest.raises(AppStoreError, match="no sales report SUBSCRIPTION/SUMMARY/WEEKLY"):
        bench.client.sales_report(VENDOR, "SUBSCRIPTION", "SUMMARY", "WEEKLY", DAY)
    assert bench.client.calls == 0


def test_it_refuses_an_individual_key_without_a_call(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(individual=True)
    for ask in (
        lambda: bench.client.sales_report(VENDOR, "SALES", "SUMMARY", "DAILY", DAY),
        lambda: bench.client.finance_report(VENDOR, "FINANCIAL", "US", "2026-02"),
    ):
        with pytest.raises(AppStoreError) as caught:
            ask()
        assert caught.value.category is Category.INDIVIDUAL_KEY
    assert bench.client.calls == 0


def test_it_has_apples_catalogue_as_data() -> None:
    catalogue = load_catalogue()
    assert len(catalogue.regions) == 50
    assert catalogue.region("EU").console_label == "Euro-Zone (EUR)"
    assert [region.code for region in catalogue.regions if region.currency == "USD"] == [
        "US",
        "LL",
        "AP",
        "WW",
    ]
    assert len(catalogue.finance_regions("FINANCIAL")) == 49
    assert catalogue.sales_report("SUBSCRIBER", "DETAILED", "DAILY").version == "1_3"
    assert catalogue.kept_days("SALES", "DAILY") == 365
    assert all(fact.source for fact in catalogue.unconfirmed())
    assert all(fact.source for fact in policy_facts())
    with pytest.raises(FrozenInstanceError):
        catalogue.region("EU").code = "XX"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("frequency", "last_day", "due"),
    [
        ("DAILY", date(2026, 3, 7), "2026-03-08T15:00:00+00:00"),  # summer time began that night
        ("DAILY", date(2026, 10, 31), "2026-11-01T16:00:00+00:00"),  # and ended that night
        ("WEEKLY", date(2026, 11, 15), "2026-11-16T16:00:00+00:00"),
        ("MONTHLY", date(2026, 10, 31), "2026-11-05T16:00:00+00:00"),
        ("YEARLY", date(2025, 12, 31), "2026-01-06T16:00:00+00:00"),
    ],
)
def test_it_knows_when_a_report_is_due(frequency: str, last_day: date, due: str) -> None:
    assert load_catalogue().due_at(frequency, last_day).astimezone(UTC).isoformat() == due
