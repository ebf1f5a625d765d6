from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from ascrecon import env, service_urls
from ascrecon.env import SettingsError

SAFE = {
    "ASCRECON_ENV": "production",
    "DJANGO_SECRET_KEY": "k" * 50,
    "ASCRECON_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ASCRECON_BASE_URL": "https://recon.example.com",
    "EMAIL_URL": "smtp+tls://user:word@mail.example.com:587",
}
OTHERS = ("DJANGO_DEBUG", "DJANGO_ALLOWED_HOSTS", "ASCRECON_NOW")


@pytest.fixture
def safe(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that production accepts."""
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_it_accepts_a_safe_production(safe: pytest.MonkeyPatch) -> None:
    env.refuse_unsafe_defaults()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_SECRET_KEY", ""),
        ("DJANGO_SECRET_KEY", "short"),
        ("ASCRECON_ENCRYPTION_KEYS", ""),
        ("ASCRECON_BASE_URL", ""),
        ("ASCRECON_BASE_URL", "http://recon.example.com"),
        ("EMAIL_URL", ""),
        ("DJANGO_DEBUG", "1"),
        ("DJANGO_ALLOWED_HOSTS", "*"),
        ("ASCRECON_NOW", "2026-11-20"),
    ],
)
def test_it_refuses_an_unsafe_production(safe: pytest.MonkeyPatch, name: str, value: str) -> None:
    safe.setenv(name, value)

    with pytest.raises(SettingsError, match=f"Production does not start: {name} must"):
        env.refuse_unsafe_defaults()


def test_it_refuses_a_standing_clock_also_where_a_file_says_where(safe: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "now").write_text("2026-11-20")
    safe.setenv("ASCRECON_NOW_FILE", str(tmp_path / "now"))

    with pytest.raises(SettingsError, match="ASCRECON_NOW must not be set"):
        env.refuse_unsafe_defaults()


def test_it_reads_a_secret_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("$tart\n")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))

    assert env.secret("X") == "$tart"


def test_it_refuses_a_secret_that_is_set_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "one")
    monkeypatch.setenv("X_FILE", "/some/file")

    with pytest.raises(SettingsError, match="X and X_FILE are both set"):
        env.secret("X")


def test_it_names_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_FILE", "/nonexistent/file")

    with pytest.raises(SettingsError, match="X_FILE: /nonexistent/file cannot be read"):
        env.secret("X")


@pytest.mark.parametrize(
    ("read", "value", "words"),
    [
        (lambda: env.choice("X", ("one", "two")), "three", "X is 'three': use one of one, two"),
        (lambda: env.flag("X", default=False), "yes", "X is 'yes': use 1 or 0"),
        (lambda: env.positive("X", 1), "1_000", "X is '1_000': use a whole number above 0"),
        (lambda: env.positive("X", 1), "\u0661", "use a whole number above 0"),
        (lambda: env.positive("X", 1), "0", "use a whole number above 0"),
        (lambda: env.moment("X"), "tomorrow", "X is 'tomorrow': use an ISO date-time"),
    ],
)
def test_it_refuses_a_value_that_cannot_be_meant(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str, words: str
) -> None:
    monkeypatch.setenv("X", value)

    with pytest.raises(SettingsError, match=words):
        read()


def test_it_does_not_show_a_malformed_encryption_key() -> None:
    with pytest.raises(SettingsError, match="key 2 is not 32 bytes") as caught:
        env.refuse_malformed_key(2, "hunter2")

    assert "hunter2" not in str(caught.value)


def test_it_reads_a_database_url() -> None:
    config = service_urls.database("postgresql://user:pa%24s@db.example.com:5433/name?sslmode=require")

    assert (config["NAME"], config["USER"], config["PASSWORD"]) == ("name", "user", "pa$s")
    assert (config["HOST"], config["PORT"]) == ("db.example.com", 5433)
    assert config["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///word.db", "must name a PostgreSQL server"),
        ("word", "must name a PostgreSQL server"),
        ("postgresql://user:word@host:port/name", "cannot be read"),
        ("postgresql://user:word@host/name?pool=true", "asks for a pool"),
    ],
)
def test_it_refuses_a_database_that_will_not_work_and_shows_no_password(
    url: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        service_urls.database(url)

    assert "word" not in str(caught.value).replace("PASSWORD", "")
    assert capsys.readouterr().err == ""


def test_it_reads_a_mail_url(tmp_path: Path) -> None:
    config = service_urls.email("smtp+tls://user:word@mail.example.com:587", tmp_path)

    assert (config["EMAIL_HOST"], config["EMAIL_PORT"], config["EMAIL_USE_TLS"]) == (
        "mail.example.com",
        587,
        True,
    )


def test_it_writes_mail_to_files_without_a_mail_url(tmp_path: Path) -> None:
    assert service_urls.email("", tmp_path)["EMAIL_FILE_PATH"] == str(tmp_path)


def test_it_refuses_a_mail_url_that_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="EMAIL_URL cannot be read"):
        service_urls.email("nonsense://x", tmp_path)


@pytest.mark.parametrize("url", ["recon.example.com", "ftp://recon.example.com", "https://recon.example.com/a"])
def test_it_refuses_a_base_url_that_is_not_scheme_and_host(url: str) -> None:
    with pytest.raises(SettingsError, match="ASCRECON_BASE_URL is"):
        service_urls.base_url(url)
