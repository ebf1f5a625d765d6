from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import jwt
import pytest
import time_machine
from werkzeug import Request, Response

from ascrecon.appstore import AppStoreClient, AppStoreError, Category, Credentials, Download, check_base_url
from ascrecon.appstore.limits import Pacer
from ascrecon.appstore.tokens import TokenSource
from ascrecon.appstore.transport import Transport

from .conftest import NOW, VENDOR, Apple, Bench, changed_policy, page, raw_server, refusal, report

SALES = "/v1/salesReports"
APPS = "/v1/apps"
DAY = date(2026, 11, 18)
UNAUTHORIZED = refusal(401, "NOT_AUTHORIZED", "Provide a properly configured and signed bearer token")
APP = {"id": "1500000001", "attributes": {"bundleId": "com.acme.notes", "sku": "NOTES", "name": "Acme Notes"}}
GATEWAY = "<h3>Bad Gateway</h3> <p>Correlation Key: TGHKWJKO2LITS2DSDATRZZJAPE</p>"


def refused(bench: Bench) -> AppStoreError:
    with pytest.raises(AppStoreError) as caught:
        bench.client.apps()
    return caught.value


def test_it_signs_anew_once_after_a_401(bench: Bench) -> None:
    bench.apple.answers(APPS, UNAUTHORIZED, page([APP]))
    assert [app.apple_id for app in bench.client.apps()] == [1500000001]
    assert bench.client.calls == 2
    assert bench.client.incidents[0].status == 401


def test_it_stops_all_calls_with_a_key_that_is_refused_twice(bench: Bench) -> None:
    bench.apple.answers(APPS, UNAUTHORIZED)
    first = refused(bench)
    assert (first.category, first.attempts) == (Category.CREDENTIALS, 2)
    second = refused(bench)
    assert (second.category, second.attempts) == (Category.CREDENTIALS, 0)
    assert len(bench.apple.requests) == 2
    assert "In-App Purchase key" in second.what_to_do


@pytest.mark.parametrize("seconds_slow", [3600, -3600, 900])
def test_it_rights_itself_by_apples_clock(make_bench: Callable[..., Bench], seconds_slow: int) -> None:
    """For Apple the first token has expired or is not yet valid, the second is good."""
    bench = make_bench(seconds_slow=seconds_slow)
    bench.apple.answers(APPS, _as_apple_checks)
    bench.client.apps()
    assert bench.client.calls == 2


def _as_apple_checks(request: Request) -> Response:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    is_valid = claims["iat"] <= time.time() < claims["exp"]
    return page([APP]) if is_valid else refusal(401, "NOT_AUTHORIZED")


def test_it_says_that_the_clock_is_off_where_the_key_stays_refused(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(seconds_slow=240)
    bench.apple.answers(APPS, UNAUTHORIZED)
    words = refused(bench).what_to_do
    assert re.match(r"This machine's clock is (239|240|241) seconds off \(slow\); set it right\.", words)


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        (refusal(403, "FORBIDDEN_ERROR"), Category.ROLE),
        (refusal(403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"), Category.AGREEMENT),
        (refusal(405, "METHOD_NOT_ALLOWED"), Category.METHOD),
        (Response("The provided Accept header is not supported", status=406), Category.METHOD),
        (refusal(409, "STATE_ERROR", "You already have such an entity"), Category.CONFLICT),
        (refusal(400, "PARAMETER_ERROR.ILLEGAL"), Category.BAD_REQUEST),
        (Response(status=404), Category.NOT_FOUND),
        (Response(status=304), Category.REFUSED_ADDRESS),
    ],
)
def test_it_asks_once_where_asking_again_is_no_use(bench: Bench, answer: Response, category: Category) -> None:
    bench.apple.answers(APPS, answer)
    error = refused(bench)
    assert (error.category, error.attempts, bench.client.calls) == (category, 1, 1)
    assert not error.is_transient


def test_it_tries_five_times_with_growing_pauses(bench: Bench) -> None:
    bench.apple.answers(APPS, Response(GATEWAY, status=502, content_type="text/html"))
    error = refused(bench)
    assert (error.category, error.attempts) == (Category.SERVER, 5)
    assert error.correlation_key == "TGHKWJKO2LITS2DSDATRZZJAPE"
    assert bench.sleeps == [1.0, 2.0, 4.0, 8.0]
    assert error.is_transient


def test_it_notes_a_call_that_worked_at_a_later_try(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.apple.answers(APPS, refusal(500, "UNEXPECTED_ERROR"), Response(GATEWAY, status=502), page([APP]))
    with caplog.at_level(logging.DEBUG):
        bench.client.apps()
    (incident,) = bench.client.incidents
    assert (incident.when, incident.status, incident.attempts) == (NOW, 502, 3)
    assert incident.correlation_key == "TGHKWJKO2LITS2DSDATRZZJAPE"
    assert incident.path.startswith("/v1/apps?fields[apps]=name,bundleId,sku")
    assert "Worked at try 3" in caplog.text
    assert not [token for token in bench.apple.tokens if token in caplog.text]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 28 May 2026 20:26:55 GMT", 15.0),
        ("1780000012000", 12.0),
        ("soon", 60.0),
        (None, 60.0),
    ],
)
def test_it_waits_as_long_as_a_429_asks(bench: Bench, header: str | None, seconds: float) -> None:
    busy = refusal(429, "RATE_LIMIT_EXCEEDED")
    if header:
        busy.headers["Retry-After"] = header
    bench.apple.answers(APPS, busy, page([APP]))
    with time_machine.travel(1_780_000_000, tick=False):  # 2026-05-28 20:26:40 UTC
        bench.client.apps()
    assert bench.sleeps == [seconds]


def test_it_hands_a_long_wait_to_the_caller(bench: Bench) -> None:
    busy = refusal(429, "RATE_LIMIT_EXCEEDED")
    busy.headers["Retry-After"] = "900"
    bench.apple.answers(APPS, busy)
    error = refused(bench)
    assert (error.category, error.retry_after, error.attempts) == (Category.RATE_LIMIT, 900.0, 1)
    assert bench.sleeps == []


def test_it_backs_off_further_where_a_429_names_no_time(bench: Bench) -> None:
    bench.apple.answers(APPS, refusal(429, "RATE_LIMIT_EXCEEDED"))
    error = refused(bench)
    assert bench.sleeps == [60.0]
    assert error.retry_after == 300.0  # more than the client waits itself


def test_it_slows_down_before_the_limit_is_reached(bench: Bench) -> None:
    bench.apple.answers(APPS, page([APP], **{"X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:36;"}))
    bench.client.apps()
    assert bench.client.rate_remaining == 36
    bench.client.apps()
    assert bench.sleeps == [pytest.approx(10.0, abs=1.0)]  # 3600/3600 x 0.1/0.01, less the time gone by


def test_it_never_follows_a_redirect(bench: Bench) -> None:
    bench.apple.answers(APPS, Response(status=302, headers={"Location": "https://elsewhere.example/x?k=secret"}))
    bench.apple.answers("/x", page([]))
    error = refused(bench)
    assert error.category is Category.REFUSED_ADDRESS
    assert "https://elsewhere.example" in str(error)
    assert "secret" not in str(error)
    assert len(bench.apple.requests) == 1


def test_it_reads_a_list_page_by_page(bench: Bench) -> None:
    second = f"{bench.apple.url}/v1/apps?cursor=a%5Bb&limit=200"
    other = {**APP, "id": "1500000002"}
    bench.apple.answers(APPS, page([APP], second), page([other]))
    assert [app.apple_id for app in bench.client.apps()] == [1500000001, 1500000002]
    assert bench.apple.requests[0].args["limit"] == "200"
    assert bench.apple.requests[1].query_string == b"cursor=a%5Bb&limit=200"


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/v1/apps",
        "http://127.0.0.1:1/v1/apps",
        "http://user@{host}/v1/apps",
        "https://{host}/v1/apps",
        "/v1/apps?cursor=2",
        "file:///etc/passwd",
        "http://[bad",
    ],
)
def test_it_pages_on_the_same_origin_only(bench: Bench, following: str) -> None:
    host = bench.apple.url.removeprefix("http://")
    bench.apple.answers(APPS, page([APP], following.format(host=host)))
    assert refused(bench).category is Category.REFUSED_ADDRESS
    assert len(bench.apple.requests) == 1


def test_it_ends_pages_that_go_in_a_circle(bench: Bench) -> None:
    again = f"{bench.apple.url}/v1/apps?cursor=1"
    bench.apple.answers(APPS, page([APP], again))
    assert "circle" in str(refused(bench))
    assert len(bench.apple.requests) == 2


def test_it_ends_pages_that_never_end(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(max_pages=4)
    bench.apple.answers(
        APPS, lambda request: page([APP], f"{bench.apple.url}/v1/apps?cursor={len(bench.apple.requests)}")
    )
    assert "within 4 pages" in str(refused(bench))
    assert len(bench.apple.requests) == 4


@pytest.mark.parametrize("body", ["", "[]", '{"data": {}}', '{"data": [1]}', '{"data": [', "<html>sign in</html>"])
def test_it_refuses_a_page_that_is_no_list(make_bench: Callable[..., Bench], body: str) -> None:
    bench = make_bench(tries=1)
    bench.apple.answers(APPS, Response(body, content_type="application/json"))
    assert refused(bench).category is Category.UNEXPECTED_BODY


def test_it_refuses_a_page_without_end(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(max_json_bytes=1000)
    bench.apple.answers(APPS, Response(b" " * 5000, content_type="application/json"))
    assert refused(bench).category is Category.TOO_LARGE


@pytest.fixture
def make_transport(credentials: Credentials) -> Callable[..., Transport]:
    def make(**changes: object) -> Transport:
        policy = changed_policy(**{"min_interval_seconds": 0.0, **changes})
        sleeps: list[float] = []
        return Transport(
            TokenSource(credentials, wall_clock=NOW.timestamp),
            Pacer(policy, sleep=sleeps.append, monotonic=lambda: 0.0),
            policy=policy,
            clock=lambda: NOW,
            wall_clock=NOW.timestamp,
            sleep=sleeps.append,
            jitter=lambda: 0.5,
            trust_environment=False,
        )

    return make


@pytest.fixture
def transport(make_transport: Callable[..., Transport]) -> Transport:
    return make_transport()


REQUESTS = "/v1/analyticsReportRequests"


def sent(transport: Transport, method: str, url: str) -> AppStoreError:
    with pytest.raises(AppStoreError) as caught:
        transport.send(method, url + REQUESTS, {"data": {}} if method == "POST" else None)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body"), [(500, ""), (502, GATEWAY), (504, ""), (201, "<html>"), (201, '{"data": {'), (201, " " * 2000)]
)
def test_it_never_sends_a_post_twice_that_may_have_worked(
    apple: Apple, make_transport: Callable[..., Transport], status: int, body: str
) -> None:
    apple.answers(REQUESTS, Response(body, status=status))
    error = sent(make_transport(max_json_bytes=1000), "POST", apple.url)
    assert (error.attempts, error.may_have_worked, len(apple.requests)) == (1, True, 1)


def test_a_post_whose_answer_is_cut_off_may_have_worked(transport: Transport) -> None:
    heard: list[int] = []

    def hang_up(connection: socket.socket) -> None:
        heard.append(1)

    with raw_server(hang_up) as url:
        error = sent(transport, "POST", url)
    assert (error.category, error.may_have_worked, len(heard)) == (Category.NETWORK, True, 1)


def test_a_post_is_sent_again_after_429_since_apple_did_nothing(apple: Apple, transport: Transport) -> None:
    apple.answers(REQUESTS, refusal(429, "RATE_LIMIT_EXCEEDED"), Response("{}", 201))
    assert transport.send("POST", apple.url + REQUESTS, {"data": {}}) == {}
    assert [request.get_json() for request in apple.requests] == [{"data": {}}, {"data": {}}]


def test_a_post_for_which_no_connection_came_about_is_tried_again_and_did_nothing(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = sent(transport, "POST", url)
    assert (error.category, error.attempts, error.may_have_worked) == (Category.NETWORK, 5, False)


def test_a_post_that_apple_refuses_has_not_worked(apple: Apple, transport: Transport) -> None:
    apple.answers(REQUESTS, refusal(409, "STATE_ERROR", "You already have such an entity"))
    error = sent(transport, "POST", apple.url)
    assert (error.attempts, error.may_have_worked) == (1, False)


def test_a_delete_is_sent_again_since_twice_is_no_more_than_once(apple: Apple, transport: Transport) -> None:
    apple.answers(REQUESTS, Response(GATEWAY, 502), Response(status=204))
    assert transport.send("DELETE", apple.url + REQUESTS) == {}
    assert len(apple.requests) == 2


def test_it_sends_no_scope_and_takes_an_empty_answer(apple: Apple, transport: Transport) -> None:
    apple.answers(REQUESTS, Response(status=204))
    assert transport.send("DELETE", apple.url + REQUESTS) == {}
    assert "scope" not in jwt.decode(apple.tokens[0], options={"verify_signature": False})


@pytest.mark.parametrize(
    "url", ["https://api.example", "http://127.0.0.1:8000", "http://localhost:1/", "http://[::1]:8000"]
)
def test_it_takes_https_and_loopback_addresses(url: str) -> None:
    assert check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "https://user:secret@api.example",
        "https://api.example?x=1",
        "ftp://127.0.0.1",
        "api.example",
        "https://api.example:port",
        "",
    ],
)
def test_it_refuses_any_other_base_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        check_base_url(url)


def test_it_is_not_fooled_by_a_netrc_file_or_a_proxy_setting(
    apple: Apple, credentials: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    apple.answers(APPS, page([APP]))
    with AppStoreClient(apple.url, credentials, workdir=tmp_path, clock=lambda: NOW) as client:
        client.apps()
    assert apple.requests[0].headers["Authorization"].startswith("Bearer eyJ")


def test_it_goes_on_after_a_pause_with_the_same_token(bench: Bench) -> None:
    bench.apple.answers(SALES, report())
    for _ in range(3):
        answer = bench.client.sales_report(VENDOR, "SALES", "SUMMARY", "DAILY", DAY)
        assert isinstance(answer.report, Download)
    assert len(set(bench.apple.tokens)) == 1


def test_it_shows_no_key_and_no_token_in_any_text(bench: Bench, private_key: str) -> None:
    bench.apple.answers(APPS, refusal(403, "FORBIDDEN_ERROR", "no"))
    error = refused(bench)
    shown = f"{error} {error!r} {error.what_to_do} {bench.client!r} {vars(error)}"
    assert private_key.splitlines()[1] not in shown
    assert bench.apple.tokens[0] not in shown
    assert json.dumps(str(error))
