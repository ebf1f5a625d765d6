"""Notifications that Apple signed and that count nothing: each is looked at again once its app is known."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ascrecon.storeserver.refusals import Refused, RootsMissing
from reports.models import Account, App
from subscriptions.models import Notification, NotificationState, Quarantine
from subscriptions.services.intake import place_again

MISPLACED = (Quarantine.UNKNOWN_APP, Quarantine.APP_ID)
PORTION = 500


def release_what_fits(account: Account) -> int:
    """Let those count whose app the account knows by now. Returns how many.

    One that can fit no app yet is left alone, however many there are; what was erased cannot be verified again.
    """
    named = App.objects.filter(
        account=account, merged_into=None, provisional=False, bundle_id=OuterRef("bundle_id")
    ).exclude(bundle_id="")
    numbered = named.filter(apple_id=OuterRef("app_apple_id"))
    waiting = Notification.objects.filter(
        Exists(numbered) | Q(Exists(named), app_apple_id=None),
        account=account,
        state=NotificationState.QUARANTINED,
        quarantine__in=MISPLACED,
    ).exclude(signed_payload="")
    return sum(replay(row) for portion in _portions(waiting) for row in portion)


def _portions(waiting: QuerySet[Notification]) -> Iterator[list[Notification]]:
    """Each once, by its number: those that were let go are missing from what is asked for next."""
    last = 0
    while portion := list(waiting.filter(pk__gt=last).order_by("pk")[:PORTION]):
        yield portion
        last = portion[-1].pk


@transaction.atomic
def replay(row: Notification) -> bool:
    """Take a notification in once more, as it was received. True where it came out of quarantine.

    One that is worked in already is worked in again, which changes nothing unless the program has learned more.
    """
    kept = Notification.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.pk)
    if kept.state == NotificationState.QUARANTINED:
        try:
            return place_again(kept)
        except (Refused, RootsMissing):
            return False
    Notification.objects.filter(pk=kept.pk).update(state=NotificationState.RECEIVED)
    return True
