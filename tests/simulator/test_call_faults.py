from __future__ import annotations

import gzip
import time
from datetime import date

import pytest
import requests

from ascrecon.simulator import running
from tests.simulator.asking import SALES, ask, error, finance, sales
from tests.simulator.scenarios import scenario

DAY = "2026-10-05"


def always(**fault: object) -> dict[str, object]:
    return {"date": DAY, "always": True, **fault}


@pytest.mark.parametrize(
    ("fault", "code", "cause"),
    [
        ({"status": 401}, "NOT_AUTHORIZED", "credentials"),
        ({"status": 403, "body": "role"}, "FORBIDDEN_ERROR", "role"),
        (
            {"status": 403, "body": "agreement"},
            "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
            "agreement",
        ),
        ({"status": 405}, "METHOD_NOT_ALLOWED", "method_not_allowed"),
        ({"status": 429}, "RATE_LIMIT_EXCEEDED", "rate_limit"),
        ({"status": 500}, "UNEXPECTED_ERROR", "server_error"),
    ],
)
def test_a_planted_status_answers_one_day_and_is_expected(fault: dict[str, object], code: str, cause: str) -> None:
    with running(scenario(always(kind="http", **fault))) as simulator:
        response = sales(simulator, DAY)
        assert (response.status_code, error(response)["code"]) == (fault["status"], code)
        assert sales(simulator, "2026-10-06").status_code == 200
        assert sales(simulator, "2026-10-11", "WEEKLY").status_code == 200
        (entry,) = simulator.planted()
    assert (entry["kind"], entry["cause"], entry["from"], entry["to"]) == ("api_incident", cause, DAY, DAY)
    assert (entry["report"], entry["apple_id"], entry["amounts"]) == ("SALES/SUMMARY/DAILY", None, {})


def test_an_agreement_error_says_where_to_sign() -> None:
    with running(scenario(always(kind="http", status=403, body="agreement"))) as simulator:
        assert '"links": {\n        "see": "/business"\n      }' in sales(simulator, DAY).text


def test_429_says_when_to_come_back() -> None:
    with running(scenario(always(kind="http", status=429, retry_after=7))) as simulator:
        assert sales(simulator, DAY).headers["Retry-After"] == "7"


def test_502_is_the_gateways_page() -> None:
    with running(scenario(always(kind="http", status=502, body="html"))) as simulator:
        response = sales(simulator, DAY)
    assert (response.status_code, response.headers["Content-Type"]) == (502, "text/html")
    assert "<h3>Bad Gateway</h3> <p>Correlation Key: " in response.text


def test_a_fault_with_times_ends_and_is_not_expected() -> None:
    fault = {"kind": "http", "path": "/v1/salesReports", "status": 500, "times": 2}
    with running(scenario(fault)) as simulator:
        assert [sales(simulator, DAY).status_code for _ in range(3)] == [500, 500, 200]
        assert simulator.planted() == []


def test_a_fault_can_end_with_a_day_of_the_simulator() -> None:
    fault = always(kind="http", status=500, **{"from": "2026-11-01", "to": "2026-11-10"})
    with running(scenario(fault), today=date(2026, 11, 10)) as simulator:
        assert sales(simulator, DAY).status_code == 500
        assert len(simulator.planted()) == 1
        simulator.move_to(date(2026, 11, 11))
        assert sales(simulator, DAY).status_code == 200
        assert simulator.planted() == []


def test_a_finance_call_that_never_succeeds_names_the_fiscal_month() -> None:
    query = {"filter[reportDate]": "2027-01", "filter[regionCode]": "ZZ", "filter[reportType]": "FINANCIAL"}
    fault = {"kind": "http", "path": "/v1/financeReports", "query": query, "status": 500, "always": True}
    with running(scenario(fault)) as simulator:
        assert finance(simulator, "2027-01", "ZZ").status_code == 500
        assert finance(simulator, "2027-01", "US").status_code == 200
        (entry,) = simulator.planted()
    assert (entry["report"], entry["from"], entry["to"]) == ("FINANCE/FINANCIAL", "2026-09-27", "2026-10-31")


def test_a_truncated_file_ends_before_its_gzip_trailer() -> None:
    with running(scenario(always(kind="truncated_gzip"))) as simulator:
        response = sales(simulator, DAY)
        assert response.headers["Content-Length"] == str(len(response.content))
        with pytest.raises(EOFError):
            gzip.decompress(response.content)
        assert simulator.planted()[0]["cause"] == "truncated_download"


@pytest.mark.parametrize("at", ["start", "body"])
def test_a_dropped_connection_gives_no_whole_answer(at: str) -> None:
    with running(scenario(always(kind="dropped_connection", at=at))) as simulator:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            sales(simulator, DAY)
        assert simulator.planted()[0]["cause"] == "connection_dropped"


@pytest.mark.parametrize("drip", [False, True])
def test_a_slow_answer_takes_its_seconds(drip: bool) -> None:
    with running(scenario(always(kind="slow", seconds=1, drip=drip))) as simulator:
        begun = time.monotonic()
        assert gzip.decompress(sales(simulator, DAY).content)
        assert 0.8 < time.monotonic() - begun < 5
        assert simulator.planted()[0]["cause"] == "timeout"


def test_a_slow_answer_does_not_hold_up_the_end() -> None:
    begun = time.monotonic()
    with running(scenario(always(kind="slow", seconds=60))) as simulator, pytest.raises(requests.ReadTimeout):
        requests.get(
            f"{simulator.url}/v1/salesReports",
            params={**SALES, "filter[frequency]": "DAILY", "filter[reportDate]": DAY},
            headers={"Authorization": ask(simulator, "/v1/apps").request.headers["Authorization"]},
            timeout=0.3,
        )
    assert time.monotonic() - begun < 5


def test_a_late_day_comes_when_its_days_are_over() -> None:
    fault = {"kind": "day_late", "date": "2026-11-16", "days": 6}
    with running(scenario(fault)) as simulator:
        assert error(sales(simulator, "2026-11-16"))["detail"].startswith("Report is not available yet.")
        assert sales(simulator, "2026-11-17").status_code == 200
        (entry,) = simulator.planted()
        assert (entry["kind"], entry["cause"], entry["from"]) == ("late_delivery", "not_delivered", "2026-11-16")
        # Due on the 17th, six days late: the 23rd.
        simulator.move_to(date(2026, 11, 22))
        assert sales(simulator, "2026-11-16").status_code == 404
        simulator.move_to(date(2026, 11, 23))
        assert sales(simulator, "2026-11-16").status_code == 200
        assert simulator.planted() == []


def test_a_retired_version_is_named_and_the_latest_is_served() -> None:
    fault = {"kind": "version_retired", "from": "2026-11-18", "latest": "1_1"}
    with running(scenario(fault), today=date(2026, 11, 17)) as simulator:
        served = sales(simulator, DAY)
        assert served.status_code == 200
        simulator.move_to(date(2026, 11, 18))
        refused = sales(simulator, DAY)
        assert refused.status_code == 400
        assert error(refused)["detail"].endswith("The latest version for this report is 1_1.")
        query = {**SALES, "filter[version]": "1_1", "filter[frequency]": "DAILY", "filter[reportDate]": DAY}
        assert ask(simulator, "/v1/salesReports", query).content == served.content
        assert simulator.planted() == []
