"""Bearer tokens: signed with ES256, reused until shortly before they expire, right on a wrong clock.

No token ever carries a `scope` claim: Apple documents it for GET only, and a POST whose token has one is
answered with 405 (seen by users, not confirmed).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import jwt

from .credentials import Credentials
from .policy import Policy, load_policy

AUDIENCE = "appstoreconnect-v1"
LONGEST_LIFETIME_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    renew_at: float


class TokenSource:
    """Gives the token for the next call. `wall_clock` is the machine's true time in Unix seconds.

    With `bundle_id` it is one for the App Store Server API, which names the app (the claim `bid`).
    The clock must not be one that stands still or looks back, since Apple compares with the real time.
    Source of the claims: Apple documentation, Generating Tokens for API Requests.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        wall_clock: Callable[[], float],
        policy: Policy | None = None,
        bundle_id: str = "",
    ) -> None:
        self._credentials = credentials
        self._wall_clock = wall_clock
        self._policy = policy or load_policy()
        self._token: _Token | None = None
        self._skew = 0.0
        self._app = {"bid": bundle_id} if bundle_id else {}

    def token(self) -> str:
        """A token that is valid now; the same one as before until it comes near its end."""
        now = self._apple_time()
        if self._token is None or now >= self._token.renew_at or now < self._token.renew_at - self._reuse():
            self._token = self._signed(now)
        return self._token.text

    def renew(self) -> None:
        """Drops the token that Apple refused. The next one goes by Apple's time as last observed."""
        self._token = None

    def observe(self, date_header: str | None) -> None:
        """Learns from the Date header of an answer how far this machine's clock is off."""
        moment = _http_date(date_header)
        if moment is not None:
            self._skew = moment.timestamp() - self._wall_clock()

    @property
    def clock_note(self) -> str:
        """ "This machine's clock is 90 seconds slow", or nothing where it is right within the tolerance."""
        if abs(self._skew) <= self._policy.clock_tolerance_seconds:
            return ""
        direction = "slow" if self._skew > 0 else "fast"
        return f"This machine's clock is {round(abs(self._skew))} seconds off ({direction}); set it right."

    def _apple_time(self) -> float:
        """Apple's time where our clock is clearly off; else our own, as a Date header has whole seconds."""
        return self._wall_clock() + (self._skew if self.clock_note else 0.0)

    def _reuse(self) -> float:
        policy = self._policy
        return policy.token_lifetime_seconds - policy.token_backdated_seconds - policy.token_renewed_before_seconds

    def _signed(self, now: float) -> _Token:
        issued = int(now) - self._policy.token_backdated_seconds
        lifetime = min(self._policy.token_lifetime_seconds, LONGEST_LIFETIME_SECONDS)
        claims: dict[str, object] = {"iat": issued, "exp": issued + lifetime, "aud": AUDIENCE, **self._app}
        claims |= {"sub": "user"} if self._credentials.is_individual else {"iss": self._credentials.issuer_id}
        text = jwt.encode(
            claims,
            self._credentials.private_key,
            algorithm="ES256",
            headers={"kid": self._credentials.key_id, "typ": "JWT"},
        )
        return _Token(text=text, renew_at=now + self._reuse())


def _http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
