from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest
import requests

from ascrecon.simulator import Simulator, running
from tests.simulator.asking import FINANCE, SALES, ask, error, finance, sales, text_of, token
from tests.simulator.scenarios import scenario

DAY = {"filter[frequency]": "DAILY", "filter[reportDate]": "2026-11-19"}


@pytest.fixture(scope="module")
def clean() -> Iterator[Simulator]:
    with running(scenario()) as simulator:
        yield simulator


def test_apps_come_in_pages_that_link_to_the_next(clean: Simulator) -> None:
    first = ask(clean, "/v1/apps", {"limit": "2"}).json()
    assert [app["id"] for app in first["data"]] == ["1", "2"]
    assert first["meta"]["paging"] == {"total": 3, "limit": 2}
    assert first["links"]["next"].startswith(f"{clean.url}/v1/apps?")
    second = ask(clean, first["links"]["next"]).json()
    assert [app["attributes"]["bundleId"] for app in second["data"]] == ["com.acme.torch"]
    assert "next" not in second["links"]


def test_an_app_names_its_bundle_id_and_sku(clean: Simulator) -> None:
    (app,) = ask(clean, "/v1/apps", {"filter[bundleId]": "com.acme.notes"}).json()["data"]
    assert app["type"] == "apps"
    assert app["attributes"]["name"] == "Acme Notes"
    assert app["attributes"]["sku"] == "NOTES"


@pytest.mark.parametrize(
    ("claims", "kid"),
    [
        ({"iss": "another"}, ""),
        ({"aud": "another"}, ""),
        ({"exp": -5}, ""),
        ({"exp": 1800}, ""),
        ({"iat": 600}, ""),
        ({}, "ANOTHERKEY"),
        ({"scope": ["GET /v1/salesReports"]}, ""),
    ],
)
def test_a_token_that_apple_would_refuse_is_refused(clean: Simulator, claims: dict[str, object], kid: str) -> None:
    """Moments are told in seconds from now: the tests were collected a while ago."""
    now = int(time.time())
    told = {name: now + value if isinstance(value, int) else value for name, value in claims.items()}

    response = ask(clean, "/v1/apps", bearer=token(clean, told, kid))

    assert response.status_code == 401
    assert error(response)["code"] == "NOT_AUTHORIZED"
    assert error(response)["title"] == "Authentication credentials are missing or invalid."


def test_no_token_at_all_is_401(clean: Simulator) -> None:
    assert requests.get(f"{clean.url}/v1/apps", timeout=10).status_code == 401


def test_a_token_of_another_key_is_401(clean: Simulator) -> None:
    with running(scenario()) as other:
        assert ask(clean, "/v1/apps", bearer=token(other)).status_code == 401


def test_a_scope_that_names_the_call_is_accepted(clean: Simulator) -> None:
    scoped = token(clean, {"scope": ["GET /v1/apps?limit=10"]})
    assert ask(clean, "/v1/apps", bearer=scoped).status_code == 200


def test_a_post_whose_token_carries_a_scope_is_405(clean: Simulator) -> None:
    scoped = token(clean, {"scope": ["POST /v1/analyticsReportRequests"]})
    response = ask(clean, "/v1/analyticsReportRequests", method="POST", bearer=scoped)
    assert error(response)["code"] == "METHOD_NOT_ALLOWED"


def test_an_individual_key_sees_apps_but_no_sales(clean: Simulator) -> None:
    individual = token(clean, {"sub": "user"}, drop="iss")
    assert ask(clean, "/v1/apps", bearer=individual).status_code == 200
    response = ask(clean, "/v1/salesReports", {**SALES, **DAY}, bearer=individual)
    assert response.status_code == 403
    assert "Individual keys" in error(response)["detail"]


def test_a_key_for_sales_and_reports_cannot_read_finance() -> None:
    with running(scenario(roles=["SALES_AND_REPORTS"])) as simulator:
        assert sales(simulator, "2026-11-19").status_code == 200
        assert error(finance(simulator, "2027-01", "ZZ"))["code"] == "FORBIDDEN_ERROR"


def test_every_answer_counts_the_hour_down_and_the_last_is_429() -> None:
    with running(scenario(hourly_limit=2)) as simulator:
        first, second, third = (ask(simulator, "/v1/apps") for _ in range(3))
    assert first.headers["X-Rate-Limit"] == "user-hour-lim:2;user-hour-rem:1;"
    assert second.headers["X-Rate-Limit"] == "user-hour-lim:2;user-hour-rem:0;"
    assert error(third)["code"] == "RATE_LIMIT_EXCEEDED"


def test_each_error_has_an_id_of_its_own(clean: Simulator) -> None:
    ids = {error(ask(clean, "/v1/nothing"))["id"] for _ in range(3)}
    assert len(ids) == 3


def test_an_unknown_path_is_named(clean: Simulator) -> None:
    response = ask(clean, "/v1/nothing")
    assert (response.status_code, error(response)["code"]) == (404, "PATH_ERROR")


@pytest.mark.parametrize(
    ("change", "code", "detail"),
    [
        ({"filter[state]": "x"}, "PARAMETER_ERROR.ILLEGAL", "filter[state]"),
        ({"filter[frequency]": ""}, "PARAMETER_ERROR.REQUIRED", "filter[frequency]"),
        ({"filter[frequency]": "HOURLY"}, "PARAMETER_ERROR.INVALID", "HOURLY"),
        ({"filter[vendorNumber]": "1"}, "PARAMETER_ERROR.INVALID", "Invalid vendor number specified"),
        ({"filter[reportType]": "SUBSCRIBER"}, "PARAMETER_ERROR.INVALID", "Invalid vendor number specified"),
        ({"filter[reportSubType]": "DETAILED"}, "PARAMETER_ERROR.INVALID", "DETAILED"),
        ({"filter[reportDate]": "2026-11"}, "PARAMETER_ERROR.INVALID", "2026-11"),
        ({"filter[version]": "1_3"}, "PARAMETER_ERROR.INVALID", "The latest version for this report is 1_0."),
        ({"filter[frequency]": "WEEKLY"}, "PARAMETER_ERROR.INVALID", "2026-11-19"),
    ],
)
def test_a_wrong_parameter_is_400(clean: Simulator, change: dict[str, str], code: str, detail: str) -> None:
    response = ask(clean, "/v1/salesReports", {**SALES, **DAY, **change})
    assert response.status_code == 400
    assert error(response)["code"] == code
    assert detail in error(response)["detail"]


def test_an_accept_header_without_gzip_is_406_in_plain_text(clean: Simulator) -> None:
    response = ask(clean, "/v1/salesReports", {**SALES, **DAY}, accept="application/json")
    assert response.status_code == 406
    assert response.headers["Content-Type"] == "text/plain"
    assert response.text.endswith("Allowed: application/a-gzip")


def test_a_file_says_what_it_is(clean: Simulator) -> None:
    response = sales(clean, "2026-11-19")
    assert response.headers["Content-Type"] == "application/a-gzip"
    assert response.content[:2] == b"\x1f\x8b"


def test_without_a_date_the_latest_day_comes(clean: Simulator) -> None:
    response = ask(clean, "/v1/salesReports", {**SALES, "filter[frequency]": "DAILY"})
    assert response.content == sales(clean, "2026-11-19").content


@pytest.mark.parametrize(
    ("period", "frequency", "first_day"),
    [
        ("2026-11-19", "DAILY", date(2026, 11, 20)),
        ("2026-11-15", "WEEKLY", date(2026, 11, 16)),
        ("2026-10", "MONTHLY", date(2026, 11, 5)),
    ],
)
def test_a_report_is_there_when_apple_promises_it(period: str, frequency: str, first_day: date) -> None:
    with running(scenario(), today=first_day.replace(day=first_day.day - 1)) as simulator:
        early = sales(simulator, period, frequency)
        assert early.status_code == 404
        assert error(early)["code"] == "NOT_FOUND"
        assert error(early)["title"] == "The request expected results but none were found"
        assert error(early)["detail"].startswith("Report is not available yet.")
        simulator.move_to(first_day)
        assert sales(simulator, period, frequency).status_code == 200


def test_a_day_before_the_first_has_no_sales(clean: Simulator) -> None:
    assert error(sales(clean, "2026-09-20"))["detail"] == "There were no sales for the date specified."


def test_a_day_older_than_a_year_is_gone(clean: Simulator) -> None:
    assert "only available for past 365 days" in error(sales(clean, "2025-11-19"))["detail"]
    assert "no sales" in error(sales(clean, "2025-11-20"))["detail"]


def test_a_fiscal_month_is_there_from_its_first_friday() -> None:
    with running(scenario(), today=date(2026, 11, 5)) as simulator:
        assert error(finance(simulator, "2027-01", "ZZ"))["code"] == "NOT_FOUND"
        simulator.move_to(date(2026, 11, 6))
        assert text_of(finance(simulator, "2027-01", "ZZ")).startswith("Start Date\t")


def test_every_missing_finance_file_is_the_same_404(clean: Simulator) -> None:
    answers = [finance(clean, "2027-02", "ZZ"), finance(clean, "2027-01", "BR"), finance(clean, "2019-01", "ZZ")]
    assert {(answer.status_code, error(answer)["detail"]) for answer in answers} == {
        (404, "There were no sales for the date specified.")
    }


@pytest.mark.parametrize("change", [{"filter[regionCode]": "Z1"}, {"filter[regionCode]": "XX"}])
def test_a_region_code_that_does_not_go_with_the_report_is_400(clean: Simulator, change: dict[str, str]) -> None:
    response = ask(clean, "/v1/financeReports", {**FINANCE, "filter[reportDate]": "2027-01", **change})
    assert error(response)["code"] == "PARAMETER_ERROR.INVALID"


def test_the_simulators_day_moves_over_http() -> None:
    with running(scenario(), today=date(2026, 11, 10)) as simulator:
        moved = requests.post(f"{simulator.url}/_sim/today", json={"today": "2026-11-20"}, timeout=10)
        assert moved.json() == {"today": "2026-11-20", "notification_attempts": 0}
        assert sales(simulator, "2026-11-19").status_code == 200
        wrong = requests.post(f"{simulator.url}/_sim/today", json={"today": "20.11.2026"}, timeout=10)
        assert (wrong.status_code, simulator.api.today) == (400, date(2026, 11, 20))


def test_calls_are_counted_by_path() -> None:
    with running(scenario()) as simulator:
        ask(simulator, "/v1/apps")
        ask(simulator, "/v1/apps")
        sales(simulator, "2026-11-19")
        counted = requests.get(f"{simulator.url}/_sim/calls", timeout=10).json()
    assert counted == {"total": 3, "by_path": {"GET /v1/apps": 2, "GET /v1/salesReports": 1}}
