"""All that Apple knows of one customer: transactions, refunds and statuses, fetched and kept like everything signed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from ascrecon import clock
from ascrecon.appstore import AppStoreError
from ascrecon.storeserver.client import WRONG_REVISION, SignedPage, StoreServerClient, is_unknown_here
from reports.models import Account, App
from reports.sql import fetch
from subscriptions.models import Environment, HistoryCursor, ServerKey
from subscriptions.services.asking import Shelf, server_client
from subscriptions.services.processing import HandOn

#: Upgrades whose replaced purchase Apple's API was not yet asked about: no notification marks it.
UNASKED = """
SELECT DISTINCT p.app_id, p.environment, p.original_id
FROM subscriptions_purchase p
JOIN reports_app a ON a.id = p.app_id
JOIN subscriptions_serverkey k ON k.account_id = a.account_id
LEFT JOIN subscriptions_historycursor h
    ON (h.app_id, h.environment, h.original_id) = (p.app_id, p.environment, p.original_id)
WHERE a.account_id = %(account)s AND p.superseded_ms IS NOT NULL AND NOT p.marked_upgraded
    AND CASE p.environment WHEN 'production' THEN k.production_url ELSE k.sandbox_url END <> ''
    AND (h.asked_at IS NULL OR extract(epoch FROM h.asked_at) * 1000 < p.superseded_ms)
ORDER BY p.app_id, p.environment, p.original_id
"""


def upgrades_to_ask_about(account: Account) -> list[tuple[App, str, str]]:
    """App, environment and original transaction ID of each subscription with such an upgrade."""
    rows = fetch(UNASKED, {"account": account.pk})
    apps = App.objects.select_related("account").in_bulk({row[0] for row in rows})
    return [(apps[app], environment, original) for app, environment, original in rows]


@dataclass(frozen=True)
class Fetched:
    """`environment` is the one in which Apple knows the id; `new` is how many transactions were not here before."""

    environment: Environment
    new: int


def fetch_customer(
    app: App, any_id: str, environment: Environment | None = None, hand_on: HandOn = lambda _: None
) -> Fetched:
    """Fetch what Apple has on the customer behind a transaction id. Raises AppStoreError.

    Without `environment` production is asked first, then sandbox. Source: Apple documentation, App Store Server API.
    `hand_on` is called in each transaction with the subscriptions that were computed anew.
    """
    key = ServerKey.objects.get(account=app.account)
    wanted = [environment] if environment else list(Environment)
    last: AppStoreError | None = None
    for each in wanted:
        if not key.url_of(each):
            continue
        try:
            return _fetch(app, any_id, Shelf(app, each, hand_on))
        except AppStoreError as error:
            if not is_unknown_here(error):
                raise
            last = error
    assert last is not None, "an account with a key has an address for production"
    raise last


def _fetch(app: App, any_id: str, shelf: Shelf) -> Fetched:
    with server_client(app, shelf.environment) as client:
        new = shelf.put_statuses(client.statuses(any_id))
        new += _transactions(app, any_id, client, shelf)
        new += sum(shelf.put_transactions(page.signed_transactions) for page in client.refund_history(any_id))
    return Fetched(shelf.environment, new)


def _transactions(app: App, any_id: str, client: StoreServerClient, shelf: Shelf) -> int:
    """From the revision of the last time on. Where Apple no longer knows it, from the beginning."""
    cursor, _ = HistoryCursor.objects.get_or_create(app=app, environment=shelf.environment, original_id=any_id)
    try:
        return sum(_page(page, cursor, shelf) for page in client.transaction_history(any_id, cursor.revision))
    except AppStoreError as error:
        if error.code != WRONG_REVISION or not cursor.revision:
            raise
    cursor.revision = ""
    return sum(_page(page, cursor, shelf) for page in client.transaction_history(any_id))


@transaction.atomic
def _page(page: SignedPage, cursor: HistoryCursor, shelf: Shelf) -> int:
    new = shelf.put_transactions(page.signed_transactions)
    cursor.revision, cursor.asked_at = page.revision, clock.now()
    cursor.save()
    return new
