"""The one exception of the client, and the plain words for each sort of failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from .catalogue import Meaning, load_catalogue
from .error_bodies import ErrorBody, ErrorEntry, read_error_body
from .policy import Policy


class Category(StrEnum):
    """The sort of a failure, by what a person has to do about it."""

    CREDENTIALS = "credentials"
    ROLE = "role"
    AGREEMENT = "agreement"
    INDIVIDUAL_KEY = "individual_key"
    VENDOR = "vendor"
    NOT_FOUND = "not_found"
    GONE = "gone"
    METHOD = "method"
    CONFLICT = "conflict"
    RATE_LIMIT = "rate_limit"
    SERVER = "server"
    NETWORK = "network"
    TRUNCATED = "truncated"
    CHECKSUM = "checksum"
    UNEXPECTED_BODY = "unexpected_body"
    TOO_LARGE = "too_large"
    REFUSED_ADDRESS = "refused_address"
    VERSION = "version"
    BAD_REQUEST = "bad_request"


# A GET that failed in one of these ways may succeed when it is sent again unchanged.
TRANSIENT = frozenset(
    {
        Category.RATE_LIMIT,
        Category.SERVER,
        Category.NETWORK,
        Category.TRUNCATED,
        Category.CHECKSUM,
        Category.UNEXPECTED_BODY,
    }
)

#: Codes of the App Store Server API after which the same call may be made again, whatever the status.
#: Source: Apple documentation, AccountNotFoundRetryableError, AppNotFoundRetryableError,
#: OriginalTransactionIdNotFoundRetryableError, GeneralInternalRetryableError.
RETRYABLE_CODES = frozenset({"4040002", "4040004", "4040006", "5000001"})
SERVER_API = "/inApps/"

_SUCCESSES = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)

#: What differs where the App Store Server API was asked.
_SERVER_WHAT_TO_DO: Mapping[str, str] = {
    "credentials": (
        "Check the key id and the issuer id, that the key is an In-App Purchase key (Users and Access, Integrations, "
        "In-App Purchase) that was not revoked, and that the app's bundle ID is right."
    ),
    "not_found": "The App Store does not know this id in the environment that was asked.",
}

_WHAT_TO_DO: Mapping[Category, str] = {
    Category.CREDENTIALS: (
        "Check the issuer id and the key id, and that the key was not revoked and is an App Store Connect "
        "API key: an In-App Purchase key looks the same and is refused like this."
    ),
    Category.ROLE: "An Admin must make a key with a role that may do this: a key's role cannot be changed.",
    Category.AGREEMENT: (
        "The Account Holder must sign in to App Store Connect and accept the agreement that is missing or "
        "expired. Nothing is wrong with the key."
    ),
    Category.INDIVIDUAL_KEY: (
        "Individual keys cannot read sales and finance reports. An Admin must make a team key under "
        "Users and Access, Integrations."
    ),
    Category.VENDOR: (
        "Check the vendor number under Payments and Financial Reports. If sales reports work with it, then "
        "this type of report does not exist for the vendor."
    ),
    Category.NOT_FOUND: "Check the base address and the id: Apple does not know what was asked for.",
    Category.GONE: "Apple no longer stores this report. It cannot be fetched any more.",
    Category.METHOD: "Apple no longer accepts this request as it is sent. ascrecon needs an update.",
    Category.CONFLICT: "It exists already or its state does not allow this. List what exists and use that.",
    Category.RATE_LIMIT: "Apple's limit of calls for this key is used up. The call is tried again later.",
    Category.SERVER: (
        "Apple's servers failed; it is tried again later. If only this call keeps failing, check its "
        "vendor number and dates: Apple answers some wrong input this way too. Quote Apple's id to its "
        "support."
    ),
    Category.NETWORK: "Check the network, the proxy and the base address; it is tried again later.",
    Category.TRUNCATED: "The answer was cut on its way and is not used; it is tried again later.",
    Category.CHECKSUM: "The file is not the one that Apple announced and is not used; it is tried again later.",
    Category.UNEXPECTED_BODY: (
        "Something between here and Apple, such as a proxy or a login page, may have answered instead. "
        "Nothing of it is used; it is tried again later."
    ),
    Category.TOO_LARGE: "The answer is larger than any report should be and is not used. Look at it by hand.",
    Category.REFUSED_ADDRESS: "The answer leads to an address that is not followed. Check the base address.",
    Category.VERSION: "Apple offers this report in another version than the one asked for.",
    Category.BAD_REQUEST: "Apple does not accept a value of the request; the message names it.",
}


@dataclass(kw_only=True, eq=False)
class AppStoreError(Exception):
    """A call to App Store Connect that failed, after `attempts` tries. No field ever holds a secret.

    `status` is the HTTP status, None where no answer came or no call was made (`attempts` 0). `code`,
    `title`, `detail`, `pointer`, `parameter` and `see` are those of the first error of Apple's document;
    match `code` by its beginning, since Apple's codes are hierarchical. `request_id` and `correlation_key`
    are what Apple's support asks for. `associated` holds the nested errors. `retry_after` is in seconds:
    the call should not be made again before then. `never_sent`: no connection came about, so Apple did nothing.
    Source: Apple documentation, Interpreting and Handling Errors.
    """

    category: Category
    message: str = ""
    method: str = ""
    path: str = ""
    status: int | None = None
    code: str = ""
    title: str = ""
    detail: str = ""
    pointer: str = ""
    parameter: str = ""
    see: str = ""
    request_id: str = ""
    correlation_key: str = ""
    entries: tuple[ErrorEntry, ...] = ()
    attempts: int = 0
    retry_after: float | None = None
    never_sent: bool = False
    clock_note: str = ""

    @property
    def associated(self) -> tuple[ErrorEntry, ...]:
        """The nested errors of all entries, each with the path it belongs to."""
        return tuple(nested for entry in self.entries for nested in entry.associated)

    @property
    def is_transient(self) -> bool:
        """True where the same call may succeed later without anybody doing anything."""
        return self.category in TRANSIENT

    @property
    def may_have_worked(self) -> bool:
        """True for a change whose answer was lost or not understood: whether Apple carried it out is not known.

        List what exists and use that. False where Apple did nothing for sure: 429, or no connection came about.
        """
        if self.method in ("", "GET") or self.never_sent or self.category is Category.RATE_LIMIT:
            return False
        return self.is_transient or self.status in _SUCCESSES

    @property
    def is_unknown_id(self) -> bool:
        """True where Apple itself does not know the id. A 404 without its code comes from something else."""
        return self.category is Category.NOT_FOUND and self.code.startswith("NOT_FOUND")

    @property
    def already_exists(self) -> bool:
        """True where Apple has such a thing already: "You already have such an entity" (seen on Apple's forum)."""
        return self.category is Category.CONFLICT and self.code.startswith("STATE_ERROR")

    @property
    def what_to_do(self) -> str:
        """One or two plain sentences for the person who has to act."""
        of_server = _SERVER_WHAT_TO_DO.get(self.category) if self.path.startswith(SERVER_API) else None
        usual = of_server or _WHAT_TO_DO[self.category]
        words = [self.clock_note, usual, self._roles_needed(), self._why_no_post()]
        return " ".join(word for word in words if word)

    @property
    def apple_id(self) -> str:
        """The id to quote to Apple's support, if there is one."""
        return self.request_id or self.correlation_key

    def __str__(self) -> str:
        where = f"{self.method} {self.path}".strip()
        said = ": ".join(part for part in (self.title.rstrip("."), self.detail) if part) or self.message
        status = " ".join(str(part) for part in (self.status, self.code) if part)
        apple_id = f" (Apple's id {self.apple_id})" if self.apple_id else ""
        return ": ".join(part for part in (where, status, said) if part) + apple_id

    @property
    def sentences(self) -> str:
        """What went wrong and what to do about it, for people: Apple's own words without the address of the call."""
        answer = " ".join(str(part) for part in (self.status, self.code) if part)
        said = ": ".join(part.rstrip(".") for part in (self.title, self.detail) if part) or self.message.rstrip(".")
        quoted = f"Apple answered {answer}: {said}." if answer else f"{said}."
        apple_id = f" Apple's id: {self.apple_id}." if self.apple_id else ""
        return f"{quoted}{apple_id} {self.what_to_do}".strip()

    def __reduce__(self) -> tuple[Callable[[dict[str, Any]], AppStoreError], tuple[dict[str, Any]]]:
        return _rebuilt, ({each.name: getattr(self, each.name) for each in fields(self)},)

    def _why_no_post(self) -> str:
        """Probable, not confirmed by Apple: users saw 405 where the token was limited to some calls."""
        if self.category is not Category.METHOD or (self.method, self.status) != (
            "POST",
            HTTPStatus.METHOD_NOT_ALLOWED,
        ):
            return ""
        return "The probable cause (not confirmed) is a token with a scope claim; ascrecon's tokens have none."

    def _roles_needed(self) -> str:
        if self.category is not Category.ROLE:
            return ""
        roles = load_catalogue().roles_for(self.method, self.path.partition("?")[0])
        return f"One of these roles is needed: {', '.join(roles)}." if roles else ""


def _rebuilt(values: dict[str, Any]) -> AppStoreError:
    return AppStoreError(**values)


def error_from_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str = "GET",
    path: str = "",
    policy: Policy | None = None,
) -> AppStoreError:
    """The exception for an answer with a status that is no success. Never fails, whatever the body is."""
    said = read_error_body(body, headers, policy)
    first = said.first
    return AppStoreError(
        category=category_of(status, said),
        message=said.text or f"Apple answered {status} without a readable text.",
        method=method,
        path=path,
        status=status,
        code=first.code,
        title=first.title,
        detail=first.detail,
        pointer=first.pointer,
        parameter=first.parameter,
        see=first.see,
        request_id=said.request_id,
        correlation_key=said.correlation_key,
        entries=said.entries,
    )


def category_of(status: int, said: ErrorBody) -> Category:
    """Judges by status, then by the beginning of the code, then by known phrases.

    Source: Apple documentation (codes are stable and hierarchical, texts are not); the phrases of
    catalogue.json where Apple gives several causes one code.
    """
    code = said.first.code
    if status == HTTPStatus.TOO_MANY_REQUESTS or code.startswith("RATE_LIMIT"):
        return Category.RATE_LIMIT
    if code in RETRYABLE_CODES:
        return Category.SERVER
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _refusal(status, code, said.words)
    if status == HTTPStatus.BAD_REQUEST:
        return _bad_request(said)
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, Category.UNEXPECTED_BODY)


_BY_STATUS: Mapping[int, Category] = {
    404: Category.NOT_FOUND,
    405: Category.METHOD,
    406: Category.METHOD,
    409: Category.CONFLICT,
    410: Category.GONE,
    415: Category.METHOD,
}
_BY_CLASS: Mapping[int, Category] = {
    3: Category.REFUSED_ADDRESS,
    4: Category.BAD_REQUEST,
    5: Category.SERVER,
}


def _refusal(status: int, code: str, words: str) -> Category:
    if "REQUIRED_AGREEMENTS" in code:
        return Category.AGREEMENT
    if Meaning.INDIVIDUAL_KEY in load_catalogue().meanings(words):
        return Category.INDIVIDUAL_KEY
    # Apple gives a revoked key as a cause of 403 too; only its own code for roles is taken as one.
    is_role = status == HTTPStatus.FORBIDDEN and code.startswith("FORBIDDEN")
    return Category.ROLE if is_role else Category.CREDENTIALS


def _bad_request(said: ErrorBody) -> Category:
    if said.first.parameter == "filter[version]":
        return Category.VERSION
    if Meaning.VENDOR in load_catalogue().meanings(said.words):
        return Category.VENDOR
    return Category.BAD_REQUEST
