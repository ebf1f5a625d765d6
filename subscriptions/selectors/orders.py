"""What Apple answered about an order: the newest question of each account, and what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ascrecon.jobs.models import Job
from reports.models import Account
from subscriptions.derive.state import Key
from subscriptions.jobs import ORDER
from subscriptions.models import ServerKey, SignedTransaction, Subscription


@dataclass(frozen=True)
class OrderAnswer:
    """Of one account. `job` is None where Apple was not asked, `has_key` False where it cannot be."""

    account: Account
    has_key: bool
    job: Job | None
    subscriptions: list[Subscription]
    #: Original transaction IDs of purchases that are no subscription.
    others: list[str]

    @property
    def is_unknown(self) -> bool:
        return self.job is not None and bool(self.job.result) and not (self.job.result or {}).get("valid")


def answers(order_id: str) -> list[OrderAnswer]:
    """One for each account that receives notifications or has an In-App Purchase key."""
    keyed = set(ServerKey.objects.values_list("account_id", flat=True))
    accounts = Account.objects.filter(provisional=False).order_by("name")
    return [_answer(account, order_id, has_key=account.pk in keyed) for account in accounts]


def keys_of_order(order_id: str) -> set[Key]:
    """What an order that was looked up before stands for: app, environment and original transaction ID."""
    found: set[Key] = set()
    for job in Job.objects.filter(kind=ORDER, payload__order=order_id):
        found |= _told(job)
    return found


def _answer(account: Account, order_id: str, *, has_key: bool) -> OrderAnswer:
    job = Job.objects.filter(kind=ORDER, account_id=account.pk, payload__order=order_id).order_by("-id").first()
    told = _told(job) if job else set()
    subscriptions = _subscriptions(told)
    known = {(row.app_id, row.environment, row.original_id) for row in subscriptions}
    return OrderAnswer(account, has_key, job, subscriptions, _purchases(told - known))


def _told(job: Job) -> set[Key]:
    return {
        (int(app), str(environment), str(original)) for app, environment, original in (job.result or {}).get("told", [])
    }


def _subscriptions(keys: Iterable[Key]) -> list[Subscription]:
    rows = (
        Subscription.objects.filter(app=app, environment=environment, original_id=original)
        .select_related("app")
        .first()
        for app, environment, original in sorted(keys)
    )
    return [row for row in rows if row is not None]


def _purchases(keys: Iterable[Key]) -> list[str]:
    return [
        original
        for app, environment, original in sorted(keys)
        if SignedTransaction.objects.filter(app=app, environment=environment, original_id=original).exists()
    ]
