from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascrecon.appstore import AppStoreError, Category, error_from_answer

GATEWAY = (
    b"<html><head><title>x</title></head><h1>&#63743;</h1> <h3>Bad Gateway</h3> "
    b"<p>Correlation Key: TGHKWJKO2LITS2DSDATRZZJAPE</p></html>"
)


def document(**error: object) -> bytes:
    return json.dumps({"errors": [error]}).encode()


def test_it_keeps_all_that_apple_says() -> None:
    body = document(
        id="TXF6QUVS6OY66YVUNINVLKXZFA",
        status="409",
        code="STATE_ERROR.ENTITY_STATE_INVALID",
        title="The state does not allow it.",
        detail="Not now.",
        source={"pointer": "/data/attributes/x"},
        links={"see": "/business"},
        meta={"associatedErrors": {"/v1/apps/1": [{"code": "ENTITY_ERROR", "detail": "inner"}]}},
    )
    error = error_from_answer(409, {}, body, path="/v1/things")
    assert error.category is Category.CONFLICT
    assert (error.status, error.code, error.pointer) == (
        409,
        "STATE_ERROR.ENTITY_STATE_INVALID",
        "/data/attributes/x",
    )
    assert (error.see, error.request_id) == ("/business", "TXF6QUVS6OY66YVUNINVLKXZFA")
    assert [(nested.associated_with, nested.detail) for nested in error.associated] == [("/v1/apps/1", "inner")]
    assert str(error) == (
        "GET /v1/things: 409 STATE_ERROR.ENTITY_STATE_INVALID: The state does not allow it: Not now. "
        "(Apple's id TXF6QUVS6OY66YVUNINVLKXZFA)"
    )


def test_it_finds_the_correlation_key_in_a_gateways_page() -> None:
    error = error_from_answer(502, {"Content-Type": "text/html"}, GATEWAY)
    assert error.category is Category.SERVER
    assert error.correlation_key == "TGHKWJKO2LITS2DSDATRZZJAPE"
    assert "Bad Gateway" in str(error)
    assert "<" not in str(error)


def test_it_takes_ids_from_headers_where_the_body_has_none() -> None:
    headers = {"X-Apple-Request-UUID": "req-1", "x-apple-jingle-correlation-key": "JINGLE"}
    error = error_from_answer(503, headers, b"")
    assert (error.request_id, error.correlation_key) == ("req-1", "JINGLE")
    assert str(error) == "GET: 503: Apple answered 503 without a readable text. (Apple's id req-1)"


def test_it_reads_the_plain_text_of_a_406() -> None:
    text = b"The provided Accept header is not supported for this request. Allowed: application/a-gzip"
    error = error_from_answer(406, {"Content-Type": "text/plain"}, text)
    assert error.category is Category.METHOD
    assert "application/a-gzip" in str(error)


@pytest.mark.parametrize(
    ("status", "error", "category"),
    [
        (401, {"code": "NOT_AUTHORIZED"}, Category.CREDENTIALS),
        (401, {"code": "NOT_AUTHORIZED", "detail": "Use a Team Key for sales"}, Category.INDIVIDUAL_KEY),
        (403, {"code": "FORBIDDEN_ERROR"}, Category.ROLE),
        (
            403,
            {"code": "FORBIDDEN_ERROR", "detail": "Individual keys: an individual key cannot"},
            Category.INDIVIDUAL_KEY,
        ),
        (403, {"code": "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"}, Category.AGREEMENT),
        (403, {"code": "NOT_AUTHORIZED"}, Category.CREDENTIALS),
        (404, {"code": "PATH_ERROR"}, Category.NOT_FOUND),
        (405, {"code": "METHOD_NOT_ALLOWED"}, Category.METHOD),
        (410, {}, Category.GONE),
        (415, {}, Category.METHOD),
        (
            400,
            {"code": "PARAMETER_ERROR.INVALID", "source": {"parameter": "filter[version]"}},
            Category.VERSION,
        ),
        (
            400,
            {"code": "PARAMETER_ERROR.INVALID", "detail": "Invalid vendor number specified"},
            Category.VENDOR,
        ),
        (400, {"code": "PARAMETER_ERROR.ILLEGAL"}, Category.BAD_REQUEST),
        (422, {"code": "ENTITY_UNPROCESSABLE"}, Category.BAD_REQUEST),
        (429, {"code": "RATE_LIMIT_EXCEEDED"}, Category.RATE_LIMIT),
        (403, {"code": "RATE_LIMITED"}, Category.RATE_LIMIT),
        (500, {"code": "UNEXPECTED_ERROR"}, Category.SERVER),
        (302, {}, Category.REFUSED_ADDRESS),
    ],
)
def test_it_tells_the_sorts_of_failure_apart(status: int, error: dict[str, object], category: Category) -> None:
    assert error_from_answer(status, {}, document(**error)).category is category


def test_it_names_the_roles_that_a_call_needs() -> None:
    body = document(code="FORBIDDEN_ERROR")
    finance = error_from_answer(403, {}, body, path="/v1/financeReports?filter[reportType]=FINANCIAL")
    create = error_from_answer(403, {}, body, method="POST", path="/v1/analyticsReportRequests")
    listing = error_from_answer(403, {}, body, path="/v1/apps/1/analyticsReportRequests")
    assert "One of these roles is needed: ADMIN, FINANCE." in finance.what_to_do
    assert "One of these roles is needed: ADMIN." in create.what_to_do
    assert "ADMIN, FINANCE, SALES_AND_REPORTS" in listing.what_to_do


@pytest.mark.parametrize("category", list(Category))
def test_it_has_plain_words_for_every_sort_of_failure(category: Category) -> None:
    assert AppStoreError(category=category).what_to_do.endswith(".")


def test_it_never_repeats_a_token_that_a_proxy_echoes() -> None:
    token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"
    page = error_from_answer(502, {}, f"<p>Authorization: Bearer {token}</p>".encode())
    json_error = error_from_answer(400, {}, document(code="X", detail=f"bad {token}"))
    for error in (page, json_error):
        assert "eyJ" not in str(error) + repr(error)


def test_it_survives_being_handed_between_processes() -> None:
    error = error_from_answer(403, {}, document(code="FORBIDDEN_ERROR", detail="no"))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["errors", "id", "code", "detail", "source", "links", "meta", "associatedErrors"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(status=st.integers(100, 599), body=st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_it_never_fails_on_any_body(status: int, body: bytes) -> None:
    error = error_from_answer(status, {}, body)
    assert str(error)
    assert error.what_to_do


def test_it_never_fails_on_deeply_nested_errors() -> None:
    nested: dict[str, object] = {"code": "X"}
    for _ in range(150):
        nested = {"code": "X", "meta": {"associatedErrors": {"/": [nested]}}}
    assert error_from_answer(409, {}, json.dumps({"errors": [nested]}).encode()).code == "X"
    assert error_from_answer(409, {}, b"[" * 100_000).category is Category.CONFLICT
