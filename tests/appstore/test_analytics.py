"""The Analytics Reports API: what is asked, what is verified before anything is read, what is never sent."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import date

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ascrecon.appstore import (
    ONE_TIME_SNAPSHOT,
    ONGOING,
    AppStoreError,
    Category,
    InstanceRecord,
    RequestRecord,
    Segment,
    load_catalogue,
)

from .conftest import PACKED, Apple, Bench, page, refusal

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


def test_a_wrong_check_sum_is_never_read_and_both_sums_are_named(bench: Bench, storage: Apple) -> None:
    other = gzip.compress(b"other", mtime=0)
    storage.answers(FILE, Response(other))
    bench.apple.answers(SEGMENT, named(storage, size=len(other)))
    wrong = hashlib.md5(other, usedforsecurity=False).hexdigest()

    error = refused(bench, segment(storage, size=len(other)))

    assert (error.category, len(storage.requests)) == (Category.TRUNCATED, 3)
    assert error.message == f"The file's check sum is {wrong} where Apple named {MD5}."


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


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.com/s1.gz",
        "https://10.0.0.1/s1.gz",
        "https://169.254.169.254/latest/meta-data",
        "ftp://127.0.0.1/s1.gz",
        "https://user@files.example.com/s1.gz",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_not_public_is_refused(bench: Bench, url: str) -> None:
    error = refused(bench, Segment("s1", MD5, len(PACKED), url))

    assert (error.category, bench.apple.requests) == (Category.REFUSED_ADDRESS, [])


def test_the_catalogue_knows_which_granularities_a_report_really_has() -> None:
    catalogue = load_catalogue()

    def granularities(name: str) -> tuple[str, ...]:
        facts = catalogue.analytics_report(name)
        assert facts is not None
        return facts.granularities

    assert granularities("App Downloads Standard") == ("DAILY",)
    assert granularities("app downloads detailed") == ("DAILY", "WEEKLY", "MONTHLY")
    assert granularities("App Store Subscription State Report Standard") == ("DAILY",)
    assert catalogue.analytics_report("App Store Downloads Standard") is None, "Apple's page says so, its API does not"
