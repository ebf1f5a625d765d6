"""Apple's answers other than files: JSON:API error documents, the gateway's HTML page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import md5
from uuid import UUID

JSON_TYPE = "application/json"
GZIP_TYPE = "application/a-gzip"
UNAUTHORIZED = (
    "Provide a properly configured and signed bearer token, and make sure that it has not expired. "
    "Learn more about Generating Tokens for API Requests https://developer.apple.com/go/?id=api-generating-tokens"
)
UNEXPECTED = (
    "An unexpected error occurred on the server side. If this issue continues, contact us at "
    "https://developer.apple.com/contact/."
)
NOT_YET = (
    "Report is not available yet. Daily reports for the Americas are available by 5 am Pacific Time; "
    "Japan, Australia, and New Zealand by 5 am Japan Standard Time; and 5 am Central European Time for all "
    "other territories."
)
NO_SALES = "There were no sales for the date specified."
GONE = "Daily reports are only available for past 365 days. Please enter a new date."
INVALID = "A parameter has an invalid value"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer as it leaves the API, before a transport fault touches it."""

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Problem(Exception):
    """An error document of one error: status, code, title, detail and where it comes from."""

    status: int
    code: str
    title: str
    detail: str
    parameter: str = ""
    see: str = ""
    pointer: str = ""

    def answer(self, number: int) -> Answer:
        """The document; `number` makes the error's id unique and reproducible."""
        error: dict[str, object] = {
            "id": str(UUID(md5(f"error {number}".encode(), usedforsecurity=False).hexdigest())),
            "status": str(self.status),
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
        }
        if self.parameter:
            error["source"] = {"parameter": self.parameter}
        if self.pointer:
            error["source"] = {"pointer": self.pointer}
        if self.see:
            error["links"] = {"see": self.see}
        return Answer(self.status, JSON_TYPE, json.dumps({"errors": [error]}, indent=2).encode())


def unauthorized() -> Problem:
    return Problem(401, "NOT_AUTHORIZED", "Authentication credentials are missing or invalid.", UNAUTHORIZED)


def forbidden() -> Problem:
    title = "This request is forbidden for security reasons"
    return Problem(403, "FORBIDDEN_ERROR", title, "The API key in use does not allow this request")


def individual_key() -> Problem:
    title = "This request is forbidden for security reasons"
    detail = "Individual keys cannot access Sales and Finance. Use a team key."
    return Problem(403, "FORBIDDEN_ERROR", title, detail)


def agreement_missing() -> Problem:
    code = "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"
    title = "A required agreement is missing or has expired."
    detail = "This request requires an in-effect agreement that has not been signed or has expired."
    return Problem(403, code, title, detail, see="/business")


def method_not_allowed() -> Problem:
    title = "The HTTP method is not allowed"
    return Problem(405, "METHOD_NOT_ALLOWED", title, "The method and path combination is not valid in the API")


def rate_limited() -> Problem:
    detail = "We've received too many requests for this API. Please wait and try again or slow down your request rate."
    return Problem(429, "RATE_LIMIT_EXCEEDED", "The request rate limit has been reached.", detail)


def unknown_path(path: str) -> Problem:
    return Problem(404, "PATH_ERROR", "The path is not valid", f"The path '{path}' is not valid in the API")


def illegal_parameter(name: str) -> Problem:
    title = "A parameter is not allowed in this request"
    return Problem(400, "PARAMETER_ERROR.ILLEGAL", title, f"The parameter '{name}' can not be used", name)


def missing_parameter(name: str) -> Problem:
    title = "A required parameter is missing"
    return Problem(400, "PARAMETER_ERROR.REQUIRED", title, f"The parameter '{name}' is required", name)


def invalid_parameter(name: str, detail: str) -> Problem:
    return Problem(400, "PARAMETER_ERROR.INVALID", INVALID, detail, name)


def invalid_version(latest: str) -> Problem:
    detail = "The version parameter you have specified is invalid. The latest version for this report is"
    return invalid_parameter("filter[version]", f"{detail} {latest}.")


def no_report(detail: str) -> Problem:
    return Problem(404, "NOT_FOUND", "The request expected results but none were found", detail)


def no_resource(kind: str, resource_id: str) -> Problem:
    title = "The specified resource does not exist"
    return Problem(404, "NOT_FOUND", title, f"There is no resource of type '{kind}' with id '{resource_id}'")


def entity_exists() -> Problem:
    title = "The request cannot be fulfilled because of the state of another resource."
    return Problem(409, "STATE_ERROR", title, "You already have such an entity")


def invalid_body() -> Problem:
    title = "The request body is not valid"
    return Problem(400, "ENTITY_INVALID", title, "The request body is not a valid JSON document")


def unprocessable(pointer: str) -> Problem:
    title = "The request entity is not a valid request document object"
    return Problem(422, "ENTITY_UNPROCESSABLE", title, f"'{pointer}' is missing or is not an object")


def invalid_attribute(pointer: str, detail: str) -> Problem:
    title = "The provided entity includes an attribute with an invalid value"
    return Problem(409, "ENTITY_ERROR.ATTRIBUTE.INVALID", title, detail, pointer=pointer)


def invalid_related(pointer: str, detail: str) -> Problem:
    title = "The provided entity includes a relationship with an invalid value"
    return Problem(409, "ENTITY_ERROR.RELATIONSHIP.INVALID", title, detail, pointer=pointer)


def unsupported_type() -> Problem:
    title = "The request entity is in an unsupported format"
    return Problem(415, "UNSUPPORTED_MEDIA_TYPE", title, "The Content-Type must be application/json")


def of_status(status: int) -> Problem:
    """The usual document of a status, for planted HTTP faults."""
    known = {401: unauthorized, 403: forbidden, 405: method_not_allowed, 429: rate_limited}
    if status in known:
        return known[status]()
    return Problem(status, "UNEXPECTED_ERROR", "An unexpected error occurred.", UNEXPECTED)


def not_acceptable(accept: str) -> Answer:
    """406 is plain text, not a document."""
    text = f"The provided Accept header is not supported for this request. Requested: {accept} Allowed: {GZIP_TYPE}"
    return Answer(406, "text/plain", text.encode())


def gateway_page(status: int, number: int) -> Answer:
    """The HTML page of Apple's gateway, with a correlation key of 26 characters."""
    name = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}.get(status, "Error")
    digits = md5(f"page {number}".encode(), usedforsecurity=False).digest()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key = "".join(letters[digit % 32] for digit in digits * 2)[:26]
    page = f"<html><body><h1>&#63743;</h1> <h3>{name}</h3> <p>Correlation Key: {key}</p></body></html>"
    return Answer(status, "text/html", page.encode(), {"x-apple-jingle-correlation-key": key})
