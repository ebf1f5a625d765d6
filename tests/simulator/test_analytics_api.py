from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
import requests

from ascrecon.simulator import Simulator, running
from tests.simulator.analytics import (
    data,
    instances_of,
    post,
    report_of,
    request_of,
    segments_of,
    text_of_segment,
)
from tests.simulator.asking import ask, error, token
from tests.simulator.scenarios import CAMERA, NOTES, TORCH, scenario

NAMES = [
    "App Downloads Standard",
    "App Downloads Detailed",
    "App Store Pre-Orders Standard",
    "App Store Pre-Orders Detailed",
    "App Store Purchases Standard",
    "App Store Purchases Detailed",
    "App Store Subscription State Report Standard",
    "App Store Subscription State Report Detailed",
    "App Store Subscription Event Report Standard",
    "App Store Subscription Event Report Detailed",
    "App Store Discovery and Engagement Standard",
    "App Store Discovery and Engagement Detailed",
    "App Store Web Preview Engagement Standard",
    "App Store Web Preview Engagement Detailed",
    "App Sessions Standard",
    "App Sessions Detailed",
    "App Store Installation and Deletion Standard",
    "App Store Installation and Deletion Detailed",
    "App Crashes",
    "App Runtime Usage",
]
NO_REQUEST = {**CAMERA, "analytics": None}
SNAPSHOT = {**TORCH, "analytics": {"ongoing_since": None, "snapshot_on": "2026-11-10"}}
APPS = [NOTES, NO_REQUEST, SNAPSHOT]


@pytest.fixture(scope="module")
def clean() -> Iterator[Simulator]:
    with running(scenario(apps=APPS)) as simulator:
        yield simulator


@pytest.fixture
def fresh() -> Iterator[Simulator]:
    with running(scenario(apps=APPS)) as simulator:
        yield simulator


def listed(simulator: Simulator, apple_id: int) -> list[tuple[str, bool]]:
    found = data(ask(simulator, f"/v1/apps/{apple_id}/analyticsReportRequests"))
    attributes = [one["attributes"] for one in found]
    return [(one["accessType"], one["stoppedDueToInactivity"]) for one in attributes]


def test_an_app_has_the_requests_that_the_scenario_says(clean: Simulator) -> None:
    assert listed(clean, 1) == [("ONGOING", False)]
    assert listed(clean, 2) == []
    assert listed(clean, 3) == [("ONE_TIME_SNAPSHOT", False)]


def test_requests_are_filtered_by_access_type(clean: Simulator) -> None:
    path = "/v1/apps/1/analyticsReportRequests"
    assert data(ask(clean, path, {"filter[accessType]": "ONE_TIME_SNAPSHOT"})) == []
    assert error(ask(clean, path, {"filter[accessType]": "ALWAYS"}))["code"] == "PARAMETER_ERROR.INVALID"
    assert error(ask(clean, path, {"filter[state]": "x"}))["code"] == "PARAMETER_ERROR.ILLEGAL"


def test_a_request_lists_all_reports_before_it_has_any_instance(fresh: Simulator) -> None:
    made = data(post(fresh, 2, "ONGOING"))
    reports = data(ask(fresh, f"/v1/analyticsReportRequests/{made['id']}/reports"))
    assert [report["attributes"]["name"] for report in reports] == NAMES
    path = f"/v1/analyticsReports/{reports[0]['id']}/instances"
    assert ask(fresh, path).json()["data"] == []


def test_reports_are_filtered_by_name_and_category(clean: Simulator) -> None:
    path = f"/v1/analyticsReportRequests/{request_of(clean, 1)['id']}/reports"
    by_name = data(ask(clean, path, {"filter[name]": "App Crashes,App Sessions Standard,No such report"}))
    assert [report["attributes"]["name"] for report in by_name] == ["App Sessions Standard", "App Crashes"]
    usage = data(ask(clean, path, {"filter[category]": "FRAMEWORK_USAGE"}))
    assert [report["attributes"]["name"] for report in usage] == ["App Runtime Usage"]
    assert error(ask(clean, path, {"filter[category]": "APP_STORE_COMMERCE"}))["code"] == "PARAMETER_ERROR.INVALID"


def test_a_request_can_include_its_reports(clean: Simulator) -> None:
    path = f"/v1/analyticsReportRequests/{request_of(clean, 1)['id']}"
    document = ask(clean, path, {"include": "reports", "limit[reports]": "3"}).json()
    assert [one["attributes"]["name"] for one in document["included"]] == NAMES[:3]


def test_instances_come_in_pages_and_by_granularity_and_processing_date(clean: Simulator) -> None:
    path = f"/v1/analyticsReports/{report_of(clean, 1, 'App Sessions Standard')['id']}/instances"
    first = ask(clean, path, {"filter[granularity]": "DAILY", "limit": "30"}).json()
    second = ask(clean, first["links"]["next"]).json()
    assert [len(page["data"]) for page in (first, second)] == [30, 6]
    assert {one["attributes"]["granularity"] for one in first["data"]} == {"DAILY"}
    some = data(ask(clean, path, {"filter[processingDate]": "2026-11-06,2026-11-05"}))
    found = sorted((one["attributes"]["processingDate"], one["attributes"]["granularity"]) for one in some)
    assert found == [
        ("2026-11-05", "DAILY"),
        ("2026-11-05", "MONTHLY"),
        ("2026-11-06", "DAILY"),
        ("2026-11-06", "WEEKLY"),
    ]
    assert error(ask(clean, path, {"filter[processingDate]": "yesterday"}))["code"] == "PARAMETER_ERROR.INVALID"


def test_weekly_and_monthly_instances_come_only_for_reports_that_have_them(clean: Simulator) -> None:
    assert sorted(instances_of(clean, 1, "App Sessions Standard", "WEEKLY")) == [
        "2026-10-16",
        "2026-10-23",
        "2026-10-30",
        "2026-11-06",
        "2026-11-13",
        "2026-11-20",
    ]
    assert [*instances_of(clean, 1, "App Sessions Standard", "MONTHLY")] == ["2026-11-05"]
    assert instances_of(clean, 1, "App Downloads Standard", "WEEKLY") == {}
    assert instances_of(clean, 1, "App Downloads Detailed", "WEEKLY") != {}
    assert instances_of(clean, 1, "App Store Subscription State Report Detailed", "MONTHLY") == {}


def test_instances_are_kept_35_days() -> None:
    with running(scenario(apps=APPS), today=date(2026, 11, 9)) as simulator:
        old = instances_of(simulator, 1, "App Crashes")["2026-10-15"]
        simulator.move_to(date(2026, 11, 19))
        assert "2026-10-15" in instances_of(simulator, 1, "App Crashes")
        simulator.move_to(date(2026, 11, 20))
        assert min(instances_of(simulator, 1, "App Crashes")) == "2026-10-16"
        gone = ask(simulator, f"/v1/analyticsReportInstances/{old['id']}/segments")
    assert (gone.status_code, error(gone)["code"]) == (404, "NOT_FOUND")
    assert error(gone)["detail"] == f"There is no resource of type 'analyticsReportInstances' with id '{old['id']}'"


def test_a_new_request_gets_instances_within_two_days(fresh: Simulator) -> None:
    assert post(fresh, 2, "ONGOING").status_code == 201
    assert instances_of(fresh, 2, "App Downloads Standard") == {}
    fresh.move_to(fresh.scenario.today + timedelta(days=2))
    assert 1 <= len(instances_of(fresh, 2, "App Downloads Standard")) <= 2


def test_a_snapshot_has_one_instance_of_each_granularity_the_day_after(clean: Simulator) -> None:
    found = {
        granularity: [*instances_of(clean, 3, "App Sessions Standard", granularity, "ONE_TIME_SNAPSHOT")]
        for granularity in ("DAILY", "WEEKLY", "MONTHLY")
    }
    assert found == {"DAILY": ["2026-11-11"], "WEEKLY": ["2026-11-11"], "MONTHLY": ["2026-11-11"]}


def test_a_second_request_of_the_same_kind_is_409_and_one_of_the_other_kind_is_not(fresh: Simulator) -> None:
    again = post(fresh, 1, "ONGOING")
    assert (again.status_code, error(again)["code"]) == (409, "STATE_ERROR")
    assert error(again)["detail"] == "You already have such an entity"
    assert post(fresh, 1, "ONE_TIME_SNAPSHOT").status_code == 201


def test_a_deleted_request_is_gone_with_its_instances(fresh: Simulator) -> None:
    request, report = request_of(fresh, 1), report_of(fresh, 1, "App Crashes")
    path = f"/v1/analyticsReportRequests/{request['id']}"
    assert ask(fresh, path, method="DELETE").status_code == 204
    assert ask(fresh, path).status_code == 404
    assert ask(fresh, f"/v1/analyticsReports/{report['id']}/instances").status_code == 404
    assert listed(fresh, 1) == []
    made = data(post(fresh, 1, "ONGOING"))
    assert made["id"] != request["id"]


def test_only_an_admin_key_makes_and_deletes_requests() -> None:
    with running(scenario(apps=APPS, roles=["SALES_AND_REPORTS"])) as simulator:
        request = request_of(simulator, 1)
        assert error(post(simulator, 2, "ONGOING"))["code"] == "FORBIDDEN_ERROR"
        deleted = ask(simulator, f"/v1/analyticsReportRequests/{request['id']}", method="DELETE")
        assert deleted.status_code == 403
        assert report_of(simulator, 1, "App Crashes")["attributes"]["category"] == "APP_USAGE"


def test_a_post_whose_token_carries_a_scope_is_405(clean: Simulator) -> None:
    scoped = token(clean, {"scope": ["POST /v1/analyticsReportRequests"]})
    response = ask(clean, "/v1/analyticsReportRequests", method="POST", bearer=scoped, body={})
    assert error(response)["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"attributes": {"accessType": "DAILY"}}, 409, "ENTITY_ERROR.ATTRIBUTE.INVALID"),
        ({"attributes": None}, 422, "ENTITY_UNPROCESSABLE"),
        ({"type": "analyticsReports"}, 409, "ENTITY_ERROR.ATTRIBUTE.INVALID"),
        ({"relationships": {"app": {"data": {"type": "apps", "id": "9"}}}}, 409, "ENTITY_ERROR.RELATIONSHIP.INVALID"),
    ],
)
def test_a_body_that_apple_would_refuse_is_refused(
    clean: Simulator, changes: dict[str, object], status: int, code: str
) -> None:
    response = post(clean, 2, "ONGOING", **changes)
    assert (response.status_code, error(response)["code"]) == (status, code)


def test_a_body_that_is_no_json_is_400_and_without_its_type_415(clean: Simulator) -> None:
    url, bearer = f"{clean.url}/v1/analyticsReportRequests", {"Authorization": f"Bearer {token(clean)}"}
    json_type = {**bearer, "Content-Type": "application/json"}
    assert error(requests.post(url, b"{", headers=json_type, timeout=10))["code"] == "ENTITY_INVALID"
    assert requests.post(url, b"{}", headers=bearer, timeout=10).status_code == 415


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/apps/9/analyticsReportRequests", "apps"),
        ("/v1/analyticsReportRequests/9", "analyticsReportRequests"),
        ("/v1/analyticsReportRequests/9/reports", "analyticsReportRequests"),
        ("/v1/analyticsReports/9", "analyticsReports"),
        ("/v1/analyticsReports/9/instances", "analyticsReports"),
        ("/v1/analyticsReportInstances/9", "analyticsReportInstances"),
        ("/v1/analyticsReportInstances/9/segments", "analyticsReportInstances"),
        ("/v1/analyticsReportSegments/9", "analyticsReportSegments"),
    ],
)
def test_what_is_not_there_is_404_in_apples_words(clean: Simulator, path: str, kind: str) -> None:
    response = ask(clean, path)
    assert response.status_code == 404
    assert error(response)["detail"] == f"There is no resource of type '{kind}' with id '9'"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/v1/analyticsReportRequests/9"),
        ("GET", "/v1/analyticsReportRequests"),
        ("POST", "/v1/analyticsReports/9"),
    ],
)
def test_what_apple_does_not_offer_is_405(clean: Simulator, method: str, path: str) -> None:
    assert error(ask(clean, path, method=method))["code"] == "METHOD_NOT_ALLOWED"


def test_segments_lie_on_another_port_and_want_no_token(clean: Simulator) -> None:
    (segment,) = segments_of(clean, instances_of(clean, 1, "App Crashes")["2026-11-20"])
    url = segment["attributes"]["url"]
    assert urlsplit(url).hostname == "127.0.0.1"
    assert urlsplit(url).port != urlsplit(clean.url).port
    assert text_of_segment(segment).startswith("Date\tApp Name\tApp Apple Identifier\tApp Version\t")
    refused = requests.get(url, headers={"Authorization": f"Bearer {token(clean)}"}, timeout=10)
    assert (refused.status_code, refused.headers["Content-Type"]) == (400, "application/xml")


def test_many_rows_come_in_two_segments_each_with_its_heading(clean: Simulator) -> None:
    segments = segments_of(clean, instances_of(clean, 1, "App Sessions Standard")["2026-11-20"])
    heads = {text_of_segment(segment).splitlines()[0] for segment in segments}
    assert len(segments) == 2
    assert len(heads) == 1


def test_a_segment_asked_for_by_its_id_has_a_fresh_url(clean: Simulator) -> None:
    (segment,) = segments_of(clean, instances_of(clean, 1, "App Crashes")["2026-11-20"])
    fresh = data(ask(clean, f"/v1/analyticsReportSegments/{segment['id']}"))
    assert fresh["attributes"]["checksum"] == segment["attributes"]["checksum"]
    assert text_of_segment(fresh) == text_of_segment(segment)


def test_an_altered_url_is_refused(clean: Simulator) -> None:
    (segment,) = segments_of(clean, instances_of(clean, 1, "App Crashes")["2026-11-20"])
    url = segment["attributes"]["url"]
    for altered in (url.replace("Expires=", "Expires=9"), url.replace("/s0i", "/s1i"), url.partition("?")[0]):
        refused(requests.get(altered, timeout=10))


def test_a_url_expires() -> None:
    with running(scenario(apps=APPS, segment_url_seconds=1)) as simulator:
        (segment,) = segments_of(simulator, instances_of(simulator, 1, "App Crashes")["2026-11-20"])
        time.sleep(1.1)
        refused(requests.get(segment["attributes"]["url"], timeout=10))
        fresh = data(ask(simulator, f"/v1/analyticsReportSegments/{segment['id']}"))
        assert requests.get(fresh["attributes"]["url"], timeout=10).status_code == 200


def refused(response: requests.Response) -> None:
    assert (response.status_code, response.headers["Content-Type"]) == (403, "application/xml")
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in response.text


def test_downloads_of_segments_do_not_count_as_calls(clean: Simulator) -> None:
    (segment,) = segments_of(clean, instances_of(clean, 1, "App Crashes")["2026-11-20"])
    before = clean.calls()
    text_of_segment(segment)
    assert clean.calls() == before
