from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug import Response

from ascrecon.appstore import Missing, ProbeResult, probe_connection
from ascrecon.appstore.policy import load_policy

from .conftest import VENDOR, Bench, page, refusal, report

APP = {"id": "1500000001", "attributes": {"bundleId": "com.acme.notes", "sku": "NOTES", "name": "Acme Notes"}}
SALES = "/v1/salesReports"
FINANCE = "/v1/financeReports"
ANALYTICS = "/v1/apps/1500000001/analyticsReportRequests"
AGREEMENT = refusal(
    403,
    "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
    "This request requires an in-effect agreement that has not been signed or has expired.",
)
ROLE = refusal(403, "FORBIDDEN_ERROR", "The API key in use does not allow this request")
NONE = refusal(404, "NOT_FOUND", "There were no sales for the date specified.")


def probed(bench: Bench, **answers: Response) -> dict[str, ProbeResult]:
    bench.apple.answers("/v1/apps", answers.get("apps", page([APP])))
    bench.apple.answers(SALES, answers.get("sales", report()))
    bench.apple.answers(FINANCE, answers.get("finance", report()))
    bench.apple.answers(ANALYTICS, answers.get("analytics", page([])))
    return {result.family: result for result in probe_connection(bench.client, [VENDOR])}


def test_it_finds_nothing_missing(bench: Bench) -> None:
    results = probed(bench, finance=NONE)
    assert {family: result.ok for family, result in results.items()} == dict.fromkeys(
        ["apps", "sales", "finance", "analytics"], True
    )
    assert results["finance"].message == "The key may read finance reports. For the day asked: Apple reports no sales."
    assert list(bench.workdir.glob("download-*")) == []
    assert bench.apple.requests[1].args["filter[reportDate]"] == "2026-11-18"
    assert bench.apple.requests[2].args["filter[reportDate]"] == "2026-12"  # September 2026


def test_it_tells_an_agreement_from_a_role(bench: Bench) -> None:
    results = probed(bench, sales=AGREEMENT, finance=ROLE)
    assert (results["sales"].ok, results["sales"].missing) == (False, Missing.AGREEMENT)
    assert "Account Holder" in results["sales"].message
    assert (results["finance"].ok, results["finance"].missing) == (False, Missing.ROLE)
    assert "ADMIN, FINANCE." in results["finance"].message
    assert results["apps"].ok


def test_it_names_a_wrong_vendor_number(bench: Bench) -> None:
    wrong = refusal(400, "PARAMETER_ERROR.INVALID", "Invalid vendor number specified")
    result = probed(bench, sales=wrong)["sales"]
    assert (result.missing, result.vendor) == (Missing.VENDOR, VENDOR)


def test_it_does_not_blame_anyone_for_apples_failure(make_bench: Callable[..., Bench]) -> None:
    result = probed(make_bench(tries=2), sales=refusal(500, "UNEXPECTED_ERROR"))["sales"]
    assert (result.ok, result.missing) == (False, None)
    assert "vendor number" in result.message  # since Apple may answer a wrong one with 500


def test_it_does_not_hammer_with_a_key_that_is_refused(bench: Bench) -> None:
    results = probed(bench, apps=refusal(401, "NOT_AUTHORIZED"))
    assert [results[family].missing for family in ("apps", "sales", "finance")] == [Missing.KEY] * 3
    assert len(bench.apple.requests) == 2
    assert results["analytics"].message.startswith("Not tested")


def test_it_refuses_an_individual_key_for_sales_and_finance_without_a_call(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(individual=True)
    results = probed(bench)
    for family in ("sales", "finance"):
        assert (results[family].ok, results[family].missing) == (False, Missing.KEY)
        assert "team key" in results[family].message
    assert [request.path for request in bench.apple.requests] == ["/v1/apps", ANALYTICS]


@pytest.mark.parametrize("family", ["apps", "analytics"])
def test_it_goes_on_where_one_family_fails(bench: Bench, family: str) -> None:
    results = probed(bench, **{family: ROLE})
    assert not results[family].ok
    assert results["sales"].ok
    assert results["finance"].ok


def test_it_has_a_policy_for_people_who_wait() -> None:
    policy = load_policy().interactive()
    assert (policy.tries, policy.patience_seconds) == (2, 5.0)
