from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascrecon.appstore.limits import Pacer, RateLimit, parse_rate_limit, parse_retry_after

from .conftest import changed_policy

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("user-hour-lim:3500;user-hour-rem:500;", RateLimit(3500, 500)),
        ("user-hour-rem:0; user-hour-lim:3600", RateLimit(3600, 0)),
        ("user-hour-lim:3500", None),
        ("user-hour-lim:many;user-hour-rem:few", None),
        ("", None),
        (None, None),
    ],
)
def test_it_reads_the_hourly_budget(header: str | None, expected: RateLimit | None) -> None:
    assert parse_rate_limit(header) == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("1.5", 1.5),
        ("Fri, 20 Nov 2026 18:01:30 GMT", 90.0),
        ("Fri, 20 Nov 2026 17:00:00 GMT", 0.0),  # past: at once
        (str(int((NOW + timedelta(seconds=45)).timestamp() * 1000)), 45.0),
        ("86400", 3600.0),  # never longer than the cap
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("١٢٠", None),
        ("", None),
        (None, None),
    ],
)
def test_it_reads_every_form_of_retry_after(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, now=NOW, cap=3600) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ (GMT|[+-]\d{4})"))
def test_it_never_fails_on_a_header(header: str) -> None:
    wait = parse_retry_after(header, now=NOW, cap=3600)
    assert wait is None or 0 <= wait <= 3600
    parse_rate_limit(header)


def _pacer(least: float) -> tuple[Pacer, list[float]]:
    sleeps: list[float] = []
    pacer = Pacer(changed_policy(min_interval_seconds=least), sleep=sleeps.append, monotonic=lambda: 0.0)
    return pacer, sleeps


@pytest.mark.parametrize(
    ("header", "interval"),
    [
        (None, 1.0),
        ("user-hour-lim:3600;user-hour-rem:360;", 1.0),  # a tenth is still left
        ("user-hour-lim:3600;user-hour-rem:180;", 2.0),  # a twentieth: 3600/3600 x 0.1/0.05
        ("user-hour-lim:3600;user-hour-rem:3;", 60.0),  # 1 x 0.1/0.00083 = 120, capped
        ("user-hour-lim:3600;user-hour-rem:0;", 60.0),
        ("user-hour-lim:0;user-hour-rem:0;", 1.0),
    ],
)
def test_it_slows_down_below_a_tenth_of_the_budget(header: str | None, interval: float) -> None:
    pacer, _ = _pacer(1.0)
    pacer.observe(header)
    assert pacer.interval() == pytest.approx(interval)


def test_it_keeps_the_least_interval_between_calls() -> None:
    pacer, sleeps = _pacer(1.0)
    pacer.wait_for_turn()
    assert sleeps == []
    pacer.wait_for_turn()
    assert sleeps == [1.0]
