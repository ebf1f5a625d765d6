from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascrecon.appstore import Credentials
from ascrecon.appstore.tokens import TokenSource

from .conftest import changed_policy

START = 1_780_000_000


class Clock:
    def __init__(self) -> None:
        self.time = float(START)

    def __call__(self) -> float:
        return self.time


def _claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_it_signs_what_apple_asks_for(credentials: Credentials, private_key: str) -> None:
    token = TokenSource(credentials, wall_clock=Clock()).token()
    public = load_pem_private_key(private_key.encode(), None).public_key()
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, public, ["ES256"], audience="appstoreconnect-v1", options=options)  # type: ignore[arg-type]
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "KEY1234567", "typ": "JWT"}
    # issued a minute back, 15 minutes in all: 1780000000 - 60 and + 900
    assert claims == {
        "iss": "57246542-96fe-1a63-e053-0824d011072a",
        "iat": 1_779_999_940,
        "exp": 1_780_000_840,
        "aud": "appstoreconnect-v1",
    }


def test_it_names_no_issuer_for_an_individual_key(credentials: Credentials) -> None:
    claims = _claims(TokenSource(replace(credentials, issuer_id=None), wall_clock=Clock()).token())
    assert claims["sub"] == "user"
    assert "iss" not in claims


def test_it_reuses_a_token_until_shortly_before_its_end(credentials: Credentials) -> None:
    clock = Clock()
    tokens = TokenSource(credentials, wall_clock=clock)
    first = tokens.token()
    # 900 - 60 already past - 180 in reserve = 660 seconds of use
    clock.time = START + 659
    assert tokens.token() == first
    clock.time = START + 660
    assert tokens.token() != first


def test_it_never_signs_for_more_than_twenty_minutes(credentials: Credentials) -> None:
    policy = changed_policy(token_lifetime_seconds=86_400)
    claims = _claims(TokenSource(credentials, wall_clock=Clock(), policy=policy).token())
    assert claims["exp"] - claims["iat"] == 1200


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.tuples(st.integers(-4000, 4000), st.booleans(), st.integers(-9000, 9000)), max_size=12))
def test_it_always_gives_a_token_that_is_valid_for_apple(
    credentials: Credentials, steps: list[tuple[int, bool, int]]
) -> None:
    """However the machine's clock jumps: once Apple's time was seen, the token holds by Apple's time."""
    clock = Clock()
    tokens = TokenSource(credentials, wall_clock=clock)
    for jump, refused, skew in steps:
        clock.time += jump
        tokens.observe(formatdate(clock.time + skew, usegmt=True))
        if refused:
            tokens.renew()
        claims = _claims(tokens.token())
        apple = clock.time + skew
        assert claims["exp"] - claims["iat"] <= 1200
        assert "scope" not in claims
        if refused:
            assert claims["iat"] <= apple < claims["exp"] - 600


@pytest.mark.parametrize(("skew", "words"), [(95, "95 seconds off (slow)"), (-3600, "3600 seconds off (fast)")])
def test_it_says_how_far_the_clock_is_off(credentials: Credentials, skew: int, words: str) -> None:
    tokens = TokenSource(credentials, wall_clock=Clock())
    tokens.observe(formatdate(START + skew, usegmt=True))
    assert words in tokens.clock_note


@pytest.mark.parametrize("header", [None, "", "yesterday", "Tue, 99 Nov 2026 00:00:00 GMT"])
def test_it_ignores_a_date_that_cannot_be_read(credentials: Credentials, header: str | None) -> None:
    tokens = TokenSource(credentials, wall_clock=Clock())
    tokens.observe(header)
    tokens.observe(formatdate(START + 30, usegmt=True))
    assert tokens.clock_note == ""
