from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ascrecon import clock
from ascrecon.env import SettingsError

EVENING = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)


def test_it_runs_in_utc() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T05:30:00Z", EVENING),
        ("2026-11-19T21:30:00-08:00", EVENING),
        ("2026-11-20T05:30", EVENING),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_it_stands_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, text: str, moment: datetime) -> None:
    monkeypatch.setenv("ASCRECON_NOW", text)

    assert clock.now() == moment


def test_it_stands_where_a_file_says_at_that_moment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = tmp_path / "now"
    monkeypatch.setenv("ASCRECON_NOW_FILE", str(now))
    for text, moment in (("2026-11-20T05:30:00Z", EVENING), ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC))):
        now.write_text(text)
        assert clock.now() == moment


def test_it_refuses_a_moment_that_it_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCRECON_NOW", "20.11.2026")

    with pytest.raises(SettingsError, match=r"ASCRECON_NOW is '20.11.2026'"):
        clock.now()


def test_it_stands_within_a_block_and_then_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCRECON_NOW", "2026-01-01")
    with clock.standing_at(EVENING):
        assert clock.now() == EVENING
        with clock.standing_at(None):
            assert clock.now() == EVENING

    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)


def test_it_refuses_a_moment_without_a_zone() -> None:
    with pytest.raises(ValueError, match="with a time zone"):
        clock.set_override(datetime(2026, 11, 20))  # noqa: DTZ001  (what is refused)


def test_it_knows_the_day_by_zone() -> None:
    # 05:30 UTC on the 20th is 21:30 PST on the 19th.
    with clock.standing_at(EVENING):
        assert clock.today("America/Los_Angeles") == date(2026, 11, 19)
        assert clock.today("UTC") == date(2026, 11, 20)
