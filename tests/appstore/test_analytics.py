"""The Analytics Reports API: what is asked, what is verified before anything is read, what is never sent."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ascrecon.appstore import (
    ONE_TIME_SNAPSHOT,
    ONGOING,
    AnalyticsReport,
    AppStoreClient,
    AppStoreError,
    Category,
    Credentials,
    InstanceRecord,
    ReportRecord,
    RequestRecord,
    Segment,
    load_catalogue,
)

from .conftest import PACKED, REPORT, Apple, Bench, chunked, page, raw_server, refusal

REQUESTS = "/v1/analyticsReportRequests"
OF_APP = "/v1/apps/1500000001/analyticsReportRequests"
SEGMENT = "/v1/analyticsReportSegments/s1"
FILE = "/files/s1.gz"
MD5 = hashlib.md5(PACKED, usedforsecurity=False).hexdigest()


@pytest.fixture
def storage() -> Iterator[Apple]:
    """Apple's storage: another host, which is another port here."""
    server = HTTPServer()
    server.start()
    yield Apple(server)
    server.stop()


def request(stopped: bool = False) -> dict[str, object]:
    attributes = {"accessType": "ONGOING", "stoppedDueToInactivity": stopped}
    return {"type": "analyticsReportRequests", "id": "r1", "attributes": attributes}


def document(resource: dict[str, object], status: int = 200) -> Response:
    return Response(json.dumps({"data": resource}), status=status, content_type="application/json")


def segment(
    storage: Apple, *, checksum: str = MD5, size: int = len(PACKED), query: str = "?Signature=secret1"
) -> Segment:
    return Segment("s1", checksum, size, f"{storage.url}{FILE}{query}")


def named(storage: Apple, size: int = len(PACKED)) -> Response:
    """Apple's answer with a fresh address."""
    attributes = {"checksum": MD5, "sizeInBytes": size, "url": f"{storage.url}{FILE}?Signature=secret2"}
    return document({"type": "analyticsReportSegments", "id": "s1", "attributes": attributes})


def refused(bench: Bench, one: Segment) -> AppStoreError:
    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.download(one)
    assert not list(bench.workdir.glob("download-*")), "nothing is left over"
    return caught.value


def test_it_lists_the_requests_of_an_app_and_says_which_are_stopped(bench: Bench) -> None:
    bench.apple.answers(OF_APP, page([request(), request(stopped=True)]))

    found = bench.client.analytics.requests_of(1500000001)

    assert found == [RequestRecord("r1", "ONGOING", stopped=False), RequestRecord("r1", "ONGOING", stopped=True)]
    assert dict(bench.apple.requests[0].args) == {"limit": "200"}


def test_it_asks_for_a_request_in_the_form_that_apple_documents(bench: Bench) -> None:
    bench.apple.answers(REQUESTS, document(request(), 201))

    made = bench.client.analytics.create_request(1500000001, ONGOING)

    assert made.id == "r1"
    assert bench.apple.requests[0].get_json() == {
        "data": {
            "type": "analyticsReportRequests",
            "attributes": {"accessType": "ONGOING"},
            "relationships": {"app": {"data": {"type": "apps", "id": "1500000001"}}},
        }
    }


def test_a_key_that_may_only_read_is_told_which_role_makes_requests(bench: Bench) -> None:
    bench.apple.answers(REQUESTS, refusal(403, "FORBIDDEN_ERROR", "The API key in use does not allow this request"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.create_request(1500000001, ONGOING)

    assert caught.value.category is Category.ROLE
    assert "One of these roles is needed: ADMIN." in caught.value.what_to_do


def test_it_tells_that_a_request_exists_already(bench: Bench) -> None:
    bench.apple.answers(REQUESTS, refusal(409, "STATE_ERROR", "You already have such an entity"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.create_request(1500000001, ONGOING)

    assert caught.value.already_exists
    assert len(bench.apple.requests) == 1


def test_a_405_names_its_probable_cause_and_that_it_is_not_confirmed(bench: Bench) -> None:
    bench.apple.answers(REQUESTS, refusal(405, "METHOD_NOT_ALLOWED", "The method is not valid"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.create_request(1500000001, ONGOING)

    assert "(not confirmed) is a token with a scope claim" in caught.value.what_to_do


def test_a_request_whose_answer_is_lost_is_not_made_twice(bench: Bench) -> None:
    bench.apple.answers(REQUESTS, Response("<html>Bad Gateway</html>", 502, content_type="text/html"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.create_request(1500000001, ONGOING)

    assert caught.value.may_have_worked
    assert len(bench.apple.requests) == 1


def test_a_request_that_apple_does_not_know_is_none_and_deleting_it_is_no_error(bench: Bench) -> None:
    unknown = refusal(404, "NOT_FOUND", "There is no resource of type 'analyticsReportRequests' with id 'r1'")
    bench.apple.answers(f"{REQUESTS}/r1", unknown)

    assert bench.client.analytics.request("r1") is None
    bench.client.analytics.delete_request("r1")
    assert [each.method for each in bench.apple.requests] == ["GET", "DELETE"]


@pytest.mark.parametrize(
    "foreign",
    [Response("<h1>Not Found</h1>", 404, content_type="text/html"), refusal(404, "PATH_ERROR", "No such path")],
)
def test_a_404_that_does_not_speak_of_the_id_proves_nothing(bench: Bench, foreign: Response) -> None:
    bench.apple.answers(f"{REQUESTS}/r1", foreign)

    for ask in (bench.client.analytics.request, bench.client.analytics.delete_request):
        with pytest.raises(AppStoreError) as caught:
            ask("r1")
        assert (caught.value.category, caught.value.is_unknown_id) == (Category.NOT_FOUND, False)


def test_a_request_that_cannot_be_deleted_is_an_error(bench: Bench) -> None:
    bench.apple.answers(f"{REQUESTS}/r1", refusal(409, "STATE_ERROR.ENTITY_STATE_INVALID", "It is being made"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.delete_request("r1")

    assert (caught.value.category, caught.value.detail) == (Category.CONFLICT, "It is being made")


def test_a_ghost_exists_is_not_listed_and_is_not_known(bench: Bench) -> None:
    """Seen on Apple's forum: the three answers together tell that only Apple can help."""
    bench.apple.answers(REQUESTS, refusal(409, "STATE_ERROR", "You already have such an entity"))
    bench.apple.answers(OF_APP, page([]))
    bench.apple.answers(f"{REQUESTS}/r1", refusal(404, "NOT_FOUND", "There is no resource of type 'a' with id 'r1'"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.create_request(1500000001, ONE_TIME_SNAPSHOT)

    assert caught.value.already_exists
    assert caught.value.apple_id == "1e15b36b-5347-4af0-9bab-7f6626ffec65", "what Apple's support asks for"
    assert bench.client.analytics.requests_of(1500000001) == []
    assert bench.client.analytics.request("r1") is None


@pytest.mark.parametrize("body", ["{}", '{"data": []}', '{"data": {"id": "r1"}}', '{"data": {"attributes": {}}}'])
def test_a_request_that_was_made_but_not_named_may_have_worked(bench: Bench, body: str) -> None:
    bench.apple.answers(REQUESTS, Response(body, 201, content_type="application/json"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.create_request(1500000001, ONGOING)

    assert (caught.value.may_have_worked, caught.value.method, caught.value.path) == (True, "POST", REQUESTS)


def test_it_reads_all_pages_of_instances_and_keeps_granularities_that_are_new(bench: Bench) -> None:
    path = "/v1/analyticsReports/a1/instances"

    def listed(name: str, granularity: str, day: str) -> dict[str, object]:
        return {"id": name, "attributes": {"granularity": granularity, "processingDate": day}}

    def pages(asked: Request) -> Response:
        if "cursor" in asked.args:
            return page([listed("i2", "HOURLY", "2026-11-05")])
        return page([listed("i1", "DAILY", "2026-11-04")], following=f"{bench.apple.url}{path}?cursor=2")

    bench.apple.answers(path, pages)

    found = bench.client.analytics.instances(
        "a1", granularity="DAILY", processing_dates=[date(2026, 11, 4), date(2026, 11, 5)]
    )

    assert found == [
        InstanceRecord("i1", "DAILY", date(2026, 11, 4)),
        InstanceRecord("i2", "HOURLY", date(2026, 11, 5)),
    ]
    asked = bench.apple.requests[0].args
    assert (asked["filter[granularity]"], asked["filter[processingDate]"]) == ("DAILY", "2026-11-04,2026-11-05")


def test_it_reads_all_pages_of_reports_and_keeps_names_that_are_new(bench: Bench) -> None:
    path = f"{REQUESTS}/r1/reports"
    names = [("a1", "App Downloads Standard", "COMMERCE"), ("a2", "Embedding Generation", "PERFORMANCE_2")]
    first, second = ({"id": key, "attributes": {"name": name, "category": category}} for key, name, category in names)
    bench.apple.answers(path, page([first], following=f"{bench.apple.url}{path}?cursor=2"), page([second]))

    assert bench.client.analytics.reports("r1") == [ReportRecord(*each) for each in names]
    assert [request.query_string for request in bench.apple.requests] == [b"limit=200", b"cursor=2"]


def test_it_reads_all_pages_of_segments_and_shows_no_address(bench: Bench) -> None:
    path = "/v1/analyticsReportInstances/i1/segments"

    def listed(name: str) -> dict[str, object]:
        url = f"https://files.example.com/{name}.gz?Signature=secret"
        return {"id": name, "attributes": {"checksum": MD5, "sizeInBytes": 9, "url": url}}

    bench.apple.answers(path, page([listed("s1")], following=f"{bench.apple.url}{path}?cursor=2"), page([listed("s2")]))

    found = bench.client.analytics.segments("i1")

    assert found == [
        Segment("s1", MD5, 9, "https://files.example.com/s1.gz?Signature=secret"),
        Segment("s2", MD5, 9, "https://files.example.com/s2.gz?Signature=secret"),
    ]
    assert "secret" not in repr(found)


def test_a_list_whose_next_page_lies_elsewhere_is_not_read(bench: Bench, storage: Apple) -> None:
    bench.apple.answers(f"{REQUESTS}/r1/reports", page([], following=f"{storage.url}/v1/more"))

    with pytest.raises(AppStoreError) as caught:
        bench.client.analytics.reports("r1")

    assert caught.value.category is Category.REFUSED_ADDRESS


def test_ids_are_no_part_of_the_address(bench: Bench) -> None:
    bench.apple.answers("/v1/analyticsReports/r3-a/b?c/instances", page([]))

    assert bench.client.analytics.instances("r3-a/b?c") == []


def test_it_takes_a_segment_without_sending_the_token(bench: Bench, storage: Apple) -> None:
    storage.answers(FILE, Response(PACKED))

    got = bench.client.analytics.download(segment(storage))

    assert got.path.read_bytes() == PACKED
    assert "Authorization" not in storage.requests[0].headers
    assert bench.client.calls == 0, "a segment is no call of the API"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_it_asks_for_a_fresh_address_when_the_old_one_has_expired(bench: Bench, storage: Apple, status: int) -> None:
    expired = Response("<Error><Code>AccessDenied</Code></Error>", status, content_type="application/xml")
    storage.answers(FILE, expired, Response(PACKED))
    bench.apple.answers(SEGMENT, named(storage))

    got = bench.client.analytics.download(segment(storage))

    assert got.size == len(PACKED)
    assert [each.args["Signature"] for each in storage.requests] == ["secret1", "secret2"]
    assert [incident.attempts for incident in bench.client.incidents] == [2]


def test_it_gives_up_after_three_addresses_and_its_message_holds_no_secret(bench: Bench, storage: Apple) -> None:
    storage.answers(FILE, Response("", 403))
    bench.apple.answers(SEGMENT, named(storage))

    error = refused(bench, segment(storage))

    assert (error.category, error.attempts, len(storage.requests)) == (Category.GONE, 3, 3)
    assert "secret" not in f"{error} {error.sentences} {error.path}"


BOMB = gzip.compress(bytes(60_000_000), mtime=0)


@pytest.mark.parametrize(
    "other", [gzip.compress(b"other", mtime=0), PACKED[:-9] + b"123456789", BOMB], ids=["other", "damaged", "bomb"]
)
def test_of_a_file_with_a_wrong_check_sum_nothing_is_unpacked_and_both_sums_are_named(
    bench: Bench, storage: Apple, other: bytes
) -> None:
    storage.answers(FILE, Response(other))
    bench.apple.answers(SEGMENT, named(storage, size=len(other)))
    wrong = hashlib.md5(other, usedforsecurity=False).hexdigest()

    error = refused(bench, segment(storage, size=len(other)))

    assert (error.category, len(storage.requests)) == (Category.CHECKSUM, 3)
    assert error.message == f"The file's check sum is {wrong} where Apple named {MD5}."


def test_a_file_of_a_wrong_size_is_tried_three_times_and_both_sizes_are_named(bench: Bench, storage: Apple) -> None:
    storage.answers(FILE, chunked(PACKED[:20]))
    bench.apple.answers(SEGMENT, named(storage))

    error = refused(bench, segment(storage))

    assert (error.category, error.attempts, len(storage.requests)) == (Category.TRUNCATED, 3, 3)
    assert error.message == f"20 bytes arrived where Apple named {len(PACKED)}."


def of(body: bytes, storage: Apple) -> Segment:
    """A segment whose check sum and size are those of `body`."""
    return segment(storage, checksum=hashlib.md5(body, usedforsecurity=False).hexdigest(), size=len(body))


def test_a_file_that_apple_itself_names_cut_is_cut(make_bench: Callable[..., Bench], storage: Apple) -> None:
    cut = gzip.compress(b"one", mtime=0) + PACKED[:-4]
    bench = make_bench(segment_tries=1)
    storage.answers(FILE, Response(cut))

    error = refused(bench, of(cut, storage))

    assert (error.category, error.message) == (
        Category.TRUNCATED,
        "The file ends before its gzip trailer: it was cut.",
    )


def test_a_file_of_several_members_is_one_file(bench: Bench, storage: Apple) -> None:
    storage.answers(FILE, Response(PACKED + PACKED))

    assert bench.client.analytics.download(of(PACKED + PACKED, storage)).unpacked_size == 2 * len(REPORT)


@pytest.mark.parametrize("limit", [{"max_download_bytes": 20}, {"ratio_checked_from_bytes": 1_000_000}])
def test_a_file_larger_than_any_report_is_not_tried_again(
    make_bench: Callable[..., Bench], storage: Apple, limit: dict[str, int]
) -> None:
    bench = make_bench(**limit)
    storage.answers(FILE, Response(BOMB))

    error = refused(bench, of(BOMB, storage))

    assert (error.category, len(storage.requests)) == (Category.TOO_LARGE, 1)


def test_a_page_instead_of_the_file_is_not_taken(make_bench: Callable[..., Bench], storage: Apple) -> None:
    bench = make_bench(segment_tries=1)
    storage.answers(FILE, Response("<html><title>Sign in</title></html>", content_type="text/html"))

    assert refused(bench, segment(storage)).category is Category.UNEXPECTED_BODY


def _drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for byte in PACKED:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def test_a_file_that_comes_in_drops_ends_at_the_deadline_and_the_traceback_holds_no_secret(
    make_bench: Callable[..., Bench],
) -> None:
    """A byte every 0.05 s would go on for seconds and never trips the read limit. Jobs keep their tracebacks."""
    bench = make_bench(segment_tries=1, total_seconds=0.4, read_seconds=0.3)
    with raw_server(_drip) as url:
        started = time.monotonic()
        error = refused(bench, Segment("s1", MD5, len(PACKED), f"{url}{FILE}?Signature=secret"))
        assert time.monotonic() - started < 1.5

    assert error.category is Category.NETWORK
    assert "secret" not in "".join(traceback.format_exception(error))


def test_a_storage_that_is_not_there_is_a_network_failure_without_a_secret(
    make_bench: Callable[..., Bench],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}{FILE}?Signature=secret"

    error = refused(make_bench(segment_tries=1), Segment("s1", MD5, len(PACKED), url))

    assert error.message == "The connection could not be made, or it was dropped."
    assert "secret" not in "".join(traceback.format_exception(error))


def test_a_file_that_breaks_off_is_fetched_from_a_fresh_address(bench: Bench, storage: Apple) -> None:
    def break_off(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(PACKED)}\r\n\r\n".encode() + PACKED[:9])

    storage.answers(FILE, Response(PACKED))
    bench.apple.answers(SEGMENT, named(storage))
    with raw_server(break_off) as url:
        got = bench.client.analytics.download(Segment("s1", MD5, len(PACKED), f"{url}{FILE}?Signature=secret1"))

    assert list(bench.workdir.glob("download-*")) == [got.path], "nothing is left over of the first try"
    assert got.path.read_bytes() == PACKED


def test_what_is_logged_and_noted_of_a_recovery_holds_no_query(
    bench: Bench, storage: Apple, caplog: pytest.LogCaptureFixture
) -> None:
    storage.answers(FILE, Response("", 403), Response(PACKED))
    bench.apple.answers(SEGMENT, named(storage))

    with caplog.at_level(logging.DEBUG):
        bench.client.analytics.download(segment(storage))

    (incident,) = bench.client.incidents
    ours = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]  # the test's server
    assert incident.path == f"localhost{FILE}"
    assert any("Worked at try 2" in line for line in ours)
    assert "secret" not in f"{ours} {incident}"


def test_a_file_of_another_size_is_fetched_again(bench: Bench, storage: Apple) -> None:
    storage.answers(FILE, Response(gzip.compress(b"short", mtime=0)), Response(PACKED))
    bench.apple.answers(SEGMENT, named(storage))

    assert bench.client.analytics.download(segment(storage)).size == len(PACKED)


def test_a_check_sum_in_capitals_is_the_same(bench: Bench, storage: Apple) -> None:
    storage.answers(FILE, Response(PACKED))

    assert bench.client.analytics.download(segment(storage, checksum=MD5.upper())).size == len(PACKED)


def test_a_redirect_of_the_storage_is_not_followed(bench: Bench, storage: Apple) -> None:
    storage.answers(FILE, Response("", 302, headers={"Location": "http://127.0.0.1:9/files?token=secret"}))

    error = refused(bench, segment(storage))

    assert error.category is Category.REFUSED_ADDRESS
    assert "secret" not in error.message


PRIVATE = (
    "http://files.example.com/s1.gz",
    "https://10.0.0.1/s1.gz",
    "https://[fd00::1]/s1.gz",
    "https://[::ffff:10.0.0.1]/s1.gz",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166/latest/meta-data",
    "https://0xa.1/s1.gz",
    "ftp://127.0.0.1/s1.gz",
    "https://user@files.example.com/s1.gz",
    "file:///etc/passwd",
    "https://[bad/s1.gz",
)
LOOPBACK = ("http://127.0.0.1:8000/s1.gz", "https://127.0.0.1/s1.gz", "https://[::1]/s1.gz", "https://127.1/s1.gz")


@pytest.mark.parametrize("url", PRIVATE)
def test_an_address_that_is_not_public_is_refused(bench: Bench, url: str) -> None:
    error = refused(bench, Segment("s1", MD5, len(PACKED), url))

    assert (error.category, bench.apple.requests) == (Category.REFUSED_ADDRESS, [])


@pytest.fixture
def real(credentials: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppStoreClient]:
    """A client of an API that is not on this machine; nothing is sent to it."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with AppStoreClient("https://api.example.com", credentials, workdir=tmp_path) as client:
        yield client


def refusal_of(client: AppStoreClient, url: str) -> AppStoreError:
    with pytest.raises(AppStoreError) as caught:
        client.analytics.download(Segment("s1", MD5, len(PACKED), url))
    return caught.value


@pytest.mark.parametrize("url", [*PRIVATE, *LOOPBACK, "https://localhost/s1.gz"])
def test_an_api_elsewhere_cannot_lead_to_this_machine(real: AppStoreClient, url: str) -> None:
    assert refusal_of(real, url).category is Category.REFUSED_ADDRESS


@pytest.mark.parametrize(
    "url", [*PRIVATE, *LOOPBACK, "https://localhost/s1", "https://a.localhost/s1", "https://b.internal/s1"]
)
def test_nor_does_it_by_a_proxy(real: AppStoreClient, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    assert refusal_of(real, url).category is Category.REFUSED_ADDRESS


def test_a_name_that_nobody_can_look_up_is_a_network_failure(make_bench: Callable[..., Bench]) -> None:
    url = f"https://{'a' * 64}.example.com/s1.gz"

    error = refused(make_bench(segment_tries=1), Segment("s1", MD5, len(PACKED), url))

    assert error.category is Category.NETWORK


# Apple's page "Data Completeness" and those of the reports: days until complete, first day, opted in only, then what is
# made of the Standard and of the Detailed report (D, W, M).
OF_APPLE = {
    "App Downloads": ("downloads", 2, "2024-01-01", False, "D", "DWM"),
    "App Store Purchases": ("purchases", 2, "2024-01-01", False, "DWM", "DWM"),
    "App Store Pre-Orders": ("pre_orders", 2, "2024-01-01", False, "D", "DWM"),
    "App Store Discovery and Engagement": ("engagement", 3, "2024-01-01", False, "DWM", "DWM"),
    "App Store Installation and Deletion": ("installations", 5, "2024-01-01", True, "DWM", "DWM"),
    "App Sessions": ("sessions", 5, "2024-01-01", True, "DWM", "DWM"),
    "App Store Subscription State Report": ("subscription_state", 3, "2025-01-01", False, "D", "D"),
    "App Store Subscription Event Report": ("subscription_event", 3, "2025-01-01", False, "D", "DWM"),
    "App Store Web Preview Engagement": ("web_preview", 3, "2024-01-01", False, "DWM", "DWM"),
}
OF_APPLE_IN_ONE = {
    "App Crashes": ("crashes", 5, "2024-01-01", True, "DWM"),
    "App Opt In": ("opt_in", 3, "2024-01-01", False, "D"),
    "App Install Performance": ("install_performance", 2, "2024-03-01", True, "D"),
}


def facts_of(name: str) -> tuple[str, str, int, str, bool, str]:
    report = load_catalogue().analytics_report(name)
    assert report is not None
    made = "".join(granularity[0] for granularity in report.granularities)
    first = report.history_from.isoformat()
    return report.family, report.detail, report.completeness_days, first, report.opt_in_only, made


@pytest.mark.parametrize("name", OF_APPLE)
def test_the_catalogue_has_what_apples_pages_say_of_each_report(name: str) -> None:
    family, days, first, opt_in, standard, detailed = OF_APPLE[name]

    assert facts_of(f"{name} Standard") == (family, "standard", days, first, opt_in, standard)
    assert facts_of(f"{name} Detailed") == (family, "detailed", days, first, opt_in, detailed)


@pytest.mark.parametrize("name", OF_APPLE_IN_ONE)
def test_some_reports_are_not_split(name: str) -> None:
    family, days, first, opt_in, made = OF_APPLE_IN_ONE[name]

    assert facts_of(name) == (family, "none", days, first, opt_in, made)


def test_the_catalogue_has_no_other_reports() -> None:
    assert len(load_catalogue().analytics_reports) == 2 * len(OF_APPLE) + len(OF_APPLE_IN_ONE)


def test_the_titles_of_apples_pages_are_not_always_the_names_of_its_api() -> None:
    reports = load_catalogue().analytics_reports
    traps = {report.title: report.name for report in reports if report.detail != "detailed"}

    assert {title: name for title, name in traps.items() if title != name.removesuffix(" Standard")} == {
        "App Store Downloads": "App Downloads Standard",
        "App Store Installations and Deletions": "App Store Installation and Deletion Standard",
        "App Store Pre-orders": "App Store Pre-Orders Standard",
        "App Store Opt-in": "App Opt In",
        "App Installs Performance": "App Install Performance",
        "App Store Web Preview": "App Store Web Preview Engagement Standard",
        "App Store Subscription State": "App Store Subscription State Report Standard",
        "App Store Subscription Event": "App Store Subscription Event Report Standard",
    }


@pytest.mark.parametrize("name", ["app downloads STANDARD", "App\u00a0Downloads Standard", " App  Downloads Standard "])
def test_case_and_the_sort_of_spaces_of_a_name_do_not_count(name: str) -> None:
    assert facts_of(name)[:2] == ("downloads", "standard")


@pytest.mark.parametrize("name", ["App Store Downloads Standard", "Embedding Generation", ""])
def test_of_a_report_that_nobody_has_described_nothing_is_known(name: str) -> None:
    assert load_catalogue().analytics_report(name) is None


def test_it_says_which_names_nobody_has_seen() -> None:
    unsure = [fact.name for fact in load_catalogue().unconfirmed() if isinstance(fact, AnalyticsReport)]

    assert unsure == ["App Store Subscription State Report Detailed", "App Store Subscription Event Report Detailed"]
