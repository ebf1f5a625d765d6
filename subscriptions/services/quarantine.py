"""Notifications that Apple signed and that count nothing: each is looked at again once its app is known."""

from __future__ import annotations

from django.db import transaction

from ascrecon.storeserver.refusals import Refused, RootsMissing
from reports.models import Account, App
from subscriptions.models import Notification, NotificationState, Quarantine
from subscriptions.services.intake import place_again

MISPLACED = (Quarantine.UNKNOWN_APP, Quarantine.APP_ID)
PORTION = 500


def release_what_fits(account: Account) -> int:
    """Let those count whose app the account knows by now. Returns how many."""
    known = App.objects.filter(account=account, merged_into=None, provisional=False).exclude(bundle_id="")
    waiting = Notification.objects.filter(
        account=account,
        state=NotificationState.QUARANTINED,
        quarantine__in=MISPLACED,
        bundle_id__in=known.values_list("bundle_id", flat=True),
    )
    return sum(replay(row) for row in waiting.order_by("pk")[:PORTION])


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
