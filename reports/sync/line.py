"""The line to Apple for one account and one round of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from ascrecon.appstore import AppStoreClient, AppStoreError, Category
from reports.models import Account
from reports.services.accounts import client_for


class Line:
    """Holds the client, and makes a new one after a refusal: a client whose key was refused sends nothing more.

    One refusal may be about one request; only the same failure several times in a row says something about the key.
    """

    def __init__(self, connect: Callable[[], AppStoreClient]) -> None:
        self._connect = connect
        self.client = connect()
        self._calls_before = 0
        self._category: Category | None = None
        self._in_a_row = 0

    @property
    def calls(self) -> int:
        """HTTP calls of the whole round, each try counted."""
        return self._calls_before + self.client.calls

    @property
    def rate_remaining(self) -> int | None:
        return self.client.rate_remaining

    def worked(self) -> None:
        self._category, self._in_a_row = None, 0

    def failed(self, error: AppStoreError) -> int:
        """How many calls in a row failed in this way, this one included."""
        self._in_a_row = self._in_a_row + 1 if error.category is self._category else 1
        self._category = error.category
        if error.category is Category.CREDENTIALS:
            self._calls_before += self.client.calls
            self.client = self._connect()
        return self._in_a_row


@contextmanager
def line_to(account: Account) -> Iterator[Line]:
    """A line that is closed when the block ends. Raises what `client_for` raises."""
    with ExitStack() as stack:
        yield Line(lambda: stack.enter_context(client_for(account)))
