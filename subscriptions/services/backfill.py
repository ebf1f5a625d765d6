"""What the webhook missed: read from Apple's notification history and taken in by the same door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction

from ascrecon import clock
from ascrecon.appstore import AppStoreError
from ascrecon.storeserver.client import NotificationPage, StoreServerClient
from ascrecon.storeserver.refusals import Refused
from reports.models import App
from subscriptions.models import BackFill, Environment, Source
from subscriptions.moments import milliseconds
from subscriptions.services.asking import Shelf
from subscriptions.services.intake import take_in

#: How long Apple keeps notifications. Source: Apple documentation, Get Notification History.
KEPT = {Environment.PRODUCTION: timedelta(days=180), Environment.SANDBOX: timedelta(days=30)}
MARGIN = timedelta(hours=1)  # the oldest ones go while we ask
OVERLAP = timedelta(days=1)  # Apple does not say whether its days go by signing or by sending
PAGE_ERRORS = ("4000014", "4000017")

Check = Callable[[], None]


class HistoryReader:
    """Reads the history of one app in one environment; each page is one transaction, and is not read twice."""

    def __init__(self, app: App, environment: Environment, client: StoreServerClient, check: Check = lambda: None):
        self._app, self._environment, self._client, self._check = app, environment, client, check
        self._shelf = Shelf(app, environment)
        self.read = self.recovered = 0

    def read_new(self) -> None:
        """Everything since the last time (at first all that Apple has); a window that was begun is gone on with."""
        state = self._state()
        try:
            self._read_window(state)
        except AppStoreError as error:
            if not state.page_token or error.code not in PAGE_ERRORS:
                raise
            # The place in the list has expired: the window is read again from its start, which adds nothing twice.
            state.page_token = ""
            self._read_window(state)

    def read_failures(self) -> None:
        """Only what no attempt has delivered so far: a quick look between the full ones."""
        now = clock.now()
        start = now - min(KEPT[self._environment] - MARGIN, timedelta(days=7))
        for page in self._client.notifications(milliseconds(start), milliseconds(now), only_failures=True):
            self._take(page, None)

    def _read_window(self, state: BackFill) -> None:
        assert state.page_start_ms is not None and state.page_end_ms is not None
        pages = self._client.notifications(state.page_start_ms, state.page_end_ms, token=state.page_token)
        for page in pages:
            self._take(page, state)

    def _state(self) -> BackFill:
        state, _ = BackFill.objects.get_or_create(app=self._app, environment=self._environment)
        now = clock.now()
        oldest = milliseconds(now - KEPT[self._environment] + MARGIN)
        if state.page_start_ms is None or state.page_start_ms < oldest:
            since = (state.covered_until_ms or oldest) - OVERLAP // timedelta(milliseconds=1)
            state.page_start_ms, state.page_end_ms = max(oldest, since), milliseconds(now)
            state.page_token = ""
        return state

    @transaction.atomic
    def _take(self, page: NotificationPage, state: BackFill | None) -> None:
        recovered = sum(self._take_one(payload) for payload in page.signed_payloads)
        self.read += len(page.signed_payloads)
        self.recovered += recovered
        if state is not None:
            self._move_on(state, page, recovered)
        self._check()

    def _move_on(self, state: BackFill, page: NotificationPage, recovered: int) -> None:
        state.read += len(page.signed_payloads)
        state.recovered += recovered
        state.page_token, state.asked_at = page.token, clock.now()
        if not page.token:
            state.covered_until_ms = state.page_end_ms
            state.page_start_ms = state.page_end_ms = None
        state.save()

    def _take_one(self, payload: str) -> bool:
        try:
            taken = take_in(payload, account=self._app.account, environment=self._environment, source=Source.HISTORY)
        except Refused as refused:
            self._shelf.refuse(refused, payload)
            return False
        return taken.new
