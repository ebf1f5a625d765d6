"""Whether Apple reaches the webhook: a test notification is asked for, and what came of sending it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ascrecon.appstore import AppStoreError
from ascrecon.storeserver.client import StoreServerClient
from reports.models import App
from subscriptions.models import Environment
from subscriptions.services.asking import server_client

NO_ADDRESS, NOT_YET = "4040007", "4040008"
#: Seconds between two looks at what came of it; own choice.
PAUSES = (0, 1, 2, 3, 5, 8, 11)


@dataclass(frozen=True)
class Trial:
    """Apple's word for each attempt; none where it had not tried by the end. `has_address`: one is entered at Apple."""

    results: tuple[str, ...] = ()
    has_address: bool = True


def try_webhook(
    app: App, environment: Environment, check: Callable[[], None], sleep: Callable[[float], None] = time.sleep
) -> Trial:
    """Ask for a test notification and wait half a minute for what came of it. Raises AppStoreError.

    `check` is called before each look. Source: Apple documentation, Request a Test Notification.
    """
    with server_client(app, environment) as client:
        try:
            token = client.request_test()
        except AppStoreError as error:
            if error.code != NO_ADDRESS:
                raise
            return Trial(has_address=False)
        for pause in PAUSES:
            sleep(pause)
            check()
            if results := _results(client, token):
                return Trial(tuple(results))
    return Trial()


def _results(client: StoreServerClient, token: str) -> list[str]:
    try:
        return client.test_results(token)
    except AppStoreError as error:
        if error.code != NOT_YET:
            raise
        return []
