"""How an account stands with the App Store Server: addresses, root certificates, what came, how far was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse

from ascrecon.appstore.origins import is_loopback
from ascrecon.jobs.models import Job
from ascrecon.jobs.ticks import next_run
from ascrecon.storeserver.attempts import SUCCESS, sentence_of
from ascrecon.storeserver.refusals import RootsMissing
from ascrecon.storeserver.roots import Root
from reports.models import Account, App
from subscriptions.jobs import BACK_FILL, TRIAL, askable_apps
from subscriptions.models import BackFill, Environment, Notification, NotificationState
from subscriptions.moments import moment
from subscriptions.trust import trusted_roots

NO_ADDRESS = "No address is entered in App Store Connect for this app and environment: enter the one above."
NOT_YET = "Apple took the order and had not sent it within half a minute. Test again in a while."


@dataclass(frozen=True)
class Address:
    """One of the two addresses to enter in App Store Connect, and what came to it."""

    environment: Environment
    url: str
    number: int
    last_at: datetime | None
    quarantined: int


@dataclass(frozen=True)
class Line:
    """One app in one environment: how far its history was read, and what came of the last test."""

    app: App
    environment: Environment
    read: BackFill | None
    reading: Job | None
    trial: Job | None

    @property
    def covered_until(self) -> datetime | None:
        return moment(self.read.covered_until_ms) if self.read else None

    @property
    def window(self) -> tuple[datetime | None, datetime | None] | None:
        """The days that are being read, where a reading was begun and has not ended."""
        if self.read is None or self.read.page_start_ms is None or not self.read.page_token:
            return None
        return moment(self.read.page_start_ms), moment(self.read.page_end_ms)

    @property
    def is_reached(self) -> bool:
        return bool(self.trial and SUCCESS in (self.trial.result or {}).get("results", []))

    @property
    def trial_text(self) -> str:
        """What the last test found; empty where there was none that has ended."""
        if self.trial is None or self.trial.result is None:
            return self.trial.message if self.trial else ""
        if not self.trial.result.get("has_address", True):
            return NO_ADDRESS
        results = self.trial.result.get("results", [])
        return f"{results[-1]}: {sentence_of(results[-1])}" if results else NOT_YET


def accounts_overview() -> QuerySet[Account, Any]:
    """Every account that can have an address, with its key and when something came last."""
    real = Account.objects.filter(provisional=False).select_related("server_key").order_by("name")
    return real.annotate(last_at=Max("notifications__received_at"))


def addresses(account: Account) -> list[Address]:
    """Of production and sandbox."""
    mine = Notification.objects.filter(account=account).order_by()
    quarantined = Count("pk", filter=Q(state=NotificationState.QUARANTINED))
    counts = mine.values("environment").annotate(n=Count("pk"), last=Max("received_at"), aside=quarantined)
    found: dict[str, dict[str, Any]] = {row["environment"]: dict(row) for row in counts}
    return [_address(account, each, found.get(each.value, {})) for each in Environment]


def _address(account: Account, environment: Environment, row: dict[str, Any]) -> Address:
    path = reverse("notifications", kwargs={"account": account.pk, "environment": environment.value})
    url = settings.ASCRECON_BASE_URL.rstrip("/") + path
    return Address(environment, url, row.get("n", 0), row.get("last"), row.get("aside", 0))


def is_reachable_address() -> bool:
    """Whether Apple could reach this installation's address at all: by https, and not on this machine only."""
    url = settings.ASCRECON_BASE_URL
    return urlsplit(url).scheme == "https" and not is_loopback(url)


def roots() -> tuple[tuple[Root, ...], str]:
    """The certificates that are trusted, and what is wrong where there is none."""
    try:
        return trusted_roots(), ""
    except RootsMissing as exc:
        return (), str(exc)


def lines(account: Account) -> list[Line]:
    """Of each app and environment that is asked."""
    read = {(each.app_id, each.environment): each for each in BackFill.objects.filter(app__account=account)}
    jobs = _newest_jobs(account)
    return [
        Line(
            app, environment, read.get((app.pk, environment.value)),
            jobs.get(f"{BACK_FILL}:{app.pk}:{environment}:all"), jobs.get(f"{TRIAL}:{app.pk}:{environment}"),
        )
        for app, environment in askable_apps(account)
    ]  # fmt: skip


def _newest_jobs(account: Account) -> dict[str, Job]:
    jobs = Job.objects.filter(kind__in=(BACK_FILL, TRIAL), account_id=account.pk)
    return {each.unique_key: each for each in jobs.order_by("unique_key", "-id").distinct("unique_key")}


def next_reading(at: datetime) -> datetime:
    """When the history is read next by itself."""
    return next_run("notifications.history", at)
