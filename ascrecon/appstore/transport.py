"""One call to App Store Connect over HTTP: signed, paced, limited in time, tried again where that is safe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError

from .deadlines import DeadlineAdapter, total_limit
from .documents import read_json, read_start
from .errors import AppStoreError, Category, error_from_answer
from .incidents import Incident
from .limits import Pacer, parse_retry_after
from .origins import origin_of, printable_path
from .policy import Policy
from .tokens import TokenSource

logger = logging.getLogger(__name__)

JSON = "application/json"
#: Sent twice they do no more than once (RFC 9110): of a DELETE the second finds nothing.
IDEMPOTENT = frozenset({"GET", "DELETE"})
GZIP_OR_JSON = "application/a-gzip, application/json"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent. `document` is the JSON body of a POST; `reads` marks a POST that only asks for something."""

    method: str
    url: str
    params: Mapping[str, str] | None = None
    accept: str = JSON
    document: Mapping[str, Any] | None = None
    reads: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does no more than once."""
        return self.reads or self.method in IDEMPOTENT

    @property
    def path(self) -> str:
        """Path and query for messages, without secrets."""
        return printable_path(requests.Request(self.method, self.url, params=self.params).prepare().url or "")


class _Bearer(requests.auth.AuthBase):
    """Sets the token last, so that a .netrc file of the machine cannot replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """Not for use by several threads at once. Every try counts in `calls`; recoveries are in `incidents`.

    Redirects are never followed. A GET or DELETE is tried again, since it does no more the second time. A POST may
    have been carried out although its answer was lost: it is tried again only where it was surely not, which is
    after 429 and where no connection came about. A call refused with 401 is signed anew once, whatever its method.
    After a second refusal nothing more is sent with this key.
    """

    def __init__(
        self,
        tokens: TokenSource,
        pacer: Pacer,
        *,
        policy: Policy,
        clock: Callable[[], datetime],
        wall_clock: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        trust_environment: bool = True,
    ) -> None:
        self._tokens = tokens
        self._pacer = pacer
        self._policy = policy
        self._clock = clock
        self._wall_clock = wall_clock
        self._sleep = sleep
        self._jitter = jitter
        self.session = _session(trust_environment)
        self._refused: AppStoreError | None = None
        self.calls = 0
        self.incidents: list[Incident] = []

    def get(
        self,
        url: str,
        read: Callable[[requests.Response], Answer],
        *,
        params: Mapping[str, str] | None = None,
        accept: str = JSON,
    ) -> Answer:
        """What `read` makes of a successful answer; where it finds the body cut, the call is made again."""
        return self._perform(Call("GET", url, params, accept), read)

    def get_json(self, url: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at `url`."""
        return self.get(url, lambda response: read_json(response, self._policy), params=params)

    def ask(self, url: str, document: Mapping[str, Any], params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object for a question sent as a POST; it changes nothing, so it is tried again like a GET."""
        call = Call("POST", url, params, document=document, reads=True)
        return self._perform(call, lambda response: read_json(response, self._policy))

    def send(self, method: str, url: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Sends a POST, PATCH or DELETE; an answer without a body is an empty object."""

        def read(response: requests.Response) -> dict[str, Any]:
            if response.status_code == HTTPStatus.NO_CONTENT:
                return {}
            return read_json(response, self._policy)

        return self._perform(Call(method, url, document=document), read)

    def close(self) -> None:
        """Closes the connections."""
        self.session.close()

    def _perform(self, call: Call, read: Callable[[requests.Response], Answer]) -> Answer:
        failures: list[AppStoreError] = []
        while True:
            self._refuse_if_locked(call)
            self._pacer.wait_for_turn()
            try:
                answer = self._attempt(call, read)
            except AppStoreError as error:
                failures.append(error)
                self._complete(error, call, attempts=len(failures))
                pause = self._pause_before_retry(call, failures)
                if pause is None:
                    raise
                self._sleep(pause)
            else:
                self.note_recovery(failures)
                return answer

    def _attempt(self, call: Call, read: Callable[[requests.Response], Answer]) -> Answer:
        self.calls += 1
        try:
            with total_limit(self._policy.total_seconds), self._open(call) as response:
                self._observe(response)
                if not _is_success(response):
                    raise self._refusal(response, call)
                return read(response)
        except (requests.RequestException, HTTPError) as error:
            raise network_error(error, self._policy) from error

    def _open(self, call: Call) -> requests.Response:
        return self.session.request(
            call.method,
            call.url,
            params=call.params,
            json=call.document,
            headers={"Accept": call.accept},
            auth=_Bearer(self._tokens.token()),
            timeout=(self._policy.connect_seconds, self._policy.read_seconds),
            allow_redirects=False,
            stream=True,
        )

    def _observe(self, response: requests.Response) -> None:
        self._tokens.observe(response.headers.get("Date"))
        self._pacer.observe(response.headers.get("X-Rate-Limit"))

    def _refusal(self, response: requests.Response, call: Call) -> AppStoreError:
        body, is_whole = read_start(response)
        error = error_from_answer(
            response.status_code,
            response.headers,
            body,
            method=call.method,
            path=call.path,
            policy=self._policy,
        )
        if error.category is Category.REFUSED_ADDRESS:
            error.message = f"The answer redirects to {_host(response.headers.get('Location', ''))}."
        if not error.is_transient and (not is_whole or _is_cut_json(response, body, error)):
            # What was refused and why stood in the part that did not come.
            error.category = Category.TRUNCATED
        error.retry_after = parse_retry_after(
            response.headers.get("Retry-After"),
            now=datetime.fromtimestamp(self._wall_clock(), UTC),
            cap=self._policy.retry_after_cap_seconds,
        )
        return error

    def _complete(self, error: AppStoreError, call: Call, *, attempts: int) -> None:
        error.method, error.path, error.attempts = call.method, call.path, attempts
        if error.category is Category.CREDENTIALS:
            error.clock_note = self._tokens.clock_note

    def _pause_before_retry(self, call: Call, failures: list[AppStoreError]) -> float | None:
        """Seconds until the next try, or None where there is to be none."""
        error = failures[-1]
        if error.category is Category.CREDENTIALS:
            return self._sign_anew(failures)
        if not error.is_transient or (not call.is_repeatable and error.may_have_worked):
            return None
        pause = self._pause(error, tries=len(failures))
        if len(failures) >= self._policy.tries or pause > self._policy.patience_seconds:
            error.retry_after = pause
            return None
        return pause

    def _sign_anew(self, failures: list[AppStoreError]) -> float | None:
        refusals = [error for error in failures if error.category is Category.CREDENTIALS]
        if len(refusals) > 1:
            self._refused = refusals[-1]
            return None
        self._tokens.renew()
        return 0.0

    def _pause(self, error: AppStoreError, *, tries: int) -> float:
        if error.retry_after is not None:
            return error.retry_after
        if error.category is Category.RATE_LIMIT:
            waits = self._policy.rate_limit_waits_seconds
            return waits[min(tries, len(waits)) - 1]
        # Half to one and a half times the doubled time, so that several workers do not come back together.
        return float(self._policy.first_backoff_seconds * 2 ** (tries - 1) * (0.5 + self._jitter()))

    def note_recovery(self, failures: list[AppStoreError]) -> None:
        """Write down that a call which failed before has worked now; none failed: nothing to write."""
        if failures:
            incident = Incident.recovered(failures[-1], when=self._clock())
            self.incidents.append(incident)
            logger.warning("Worked at try %d: %s", incident.attempts, incident.message)

    def _refuse_if_locked(self, call: Call) -> None:
        if self._refused is not None:
            raise replace(self._refused, method=call.method, path=call.path, attempts=0)


def _is_success(response: requests.Response) -> bool:
    return HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES


def _is_cut_json(response: requests.Response, body: bytes, error: AppStoreError) -> bool:
    return bool(body) and not error.entries and "json" in response.headers.get("Content-Type", "")


def _session(trust_environment: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = trust_environment
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "ascrecon"})
    session.mount("https://", DeadlineAdapter())
    session.mount("http://", DeadlineAdapter())
    return session


def _host(location: str) -> str:
    origin = origin_of(location)
    return f"{origin[0]}://{origin[1]}" if origin else "another place"


def network_error(error: Exception, policy: Policy) -> AppStoreError:
    """What a failure of the HTTP library means. Its own text, which holds the whole address, is left out."""
    if isinstance(error, ProtocolError):
        return AppStoreError(category=Category.TRUNCATED, message="The answer was cut on its way.")
    return AppStoreError(
        category=Category.NETWORK, message=_plain(error, policy), never_sent=_is_without_connection(error)
    )


def _is_without_connection(error: Exception) -> bool:
    """A ProxyError is one too, but may also tell of a proxy that hung up later."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _plain(error: Exception, policy: Policy) -> str:
    sentences: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, "The server's certificate could not be checked or TLS failed."),
        (requests.exceptions.ProxyError, "The proxy of this machine could not be used."),
        (requests.exceptions.ConnectTimeout, f"No connection within {policy.connect_seconds:g} seconds."),
        (requests.exceptions.ConnectionError, "The connection could not be made, or it was dropped."),
    )
    for kind, sentence in sentences:
        if isinstance(error, kind):
            return sentence
    return (
        f"The answer did not come in time ({policy.read_seconds:g} seconds of silence, "
        f"{policy.total_seconds:g} in all)."
    )
