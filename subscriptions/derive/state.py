from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from itertools import islice

from reports.sql import Parameters, execute, fetch
from subscriptions.derive.planning import without_nested_loops
from subscriptions.derive.purchases import ADD_PURCHASES, NEWEST, RELATED, REMOVE_PURCHASES
from subscriptions.derive.refunds import ADD_REFUNDS, REMOVE_REFUNDS
from subscriptions.derive.spans import ADD_OWNERS, ADD_STATUSES, REMOVE_OWNERS, REMOVE_STATUSES
from subscriptions.derive.subscriptions import (
    ADD_CUSTOMERS,
    CUSTOMERS_BEFORE,
    PUT_SUBSCRIPTIONS,
    REMOVE_CUSTOMERS,
    REMOVE_SUBSCRIPTIONS,
)

Key = tuple[int, str, str]
PORTION = 25_000  # each portion reads the copies as a whole
MANY = 500
FEW = 20  # keys for which nested loops over an index are best
STATEMENTS = (
    NEWEST,
    REMOVE_PURCHASES, ADD_PURCHASES,
    REMOVE_REFUNDS, ADD_REFUNDS,
    REMOVE_OWNERS, ADD_OWNERS,
    REMOVE_STATUSES, ADD_STATUSES,
    REMOVE_SUBSCRIPTIONS, ADD_CUSTOMERS, PUT_SUBSCRIPTIONS,
)  # fmt: skip
WRITTEN_BEFORE = {
    NEWEST: ("signedtransaction", "signedrenewal", "notification"),
    ADD_CUSTOMERS: ("ownerspan",),
    PUT_SUBSCRIPTIONS: ("customer",),
}
#: Written by the statements and read by the rules afterwards.
READ_BY_RULES = ("purchase", "refund", "statusspan", "subscription")


def derive(keys: Collection[Key]) -> set[Key]:
    """Compute anew what follows for these subscriptions: app, environment and original transaction ID of each.

    Inside the caller's transaction, which holds the lock of the account's state. Subscriptions that share a
    transaction with one of them are computed too. Returns all that were computed.
    """
    computed: set[Key] = set()
    for portion in _portions(keys):
        together = _with_related(portion)
        _derive(together)
        computed |= together
    return computed


def _with_related(keys: list[Key]) -> set[Key]:
    with without_nested_loops() if len(keys) > FEW else nullcontext():
        return {*keys, *fetch(RELATED, _arrays(keys))}


def _derive(keys: set[Key]) -> None:
    arrays = _arrays(keys)
    with without_nested_loops() if len(keys) > FEW else nullcontext():
        before = [pk for (pk,) in fetch(CUSTOMERS_BEFORE, arrays)]
        for statement in STATEMENTS:
            _count_rows_before(statement, len(keys))
            execute(statement, arrays)
        execute(REMOVE_CUSTOMERS, {"customers": before})
        if len(keys) > MANY:
            _count_rows(READ_BY_RULES)


def _count_rows_before(statement: str, number: int) -> None:
    """After many rows were written the planner must know it, or it takes the table for an empty one."""
    if number > MANY:
        _count_rows(WRITTEN_BEFORE.get(statement, ()))


def _count_rows(tables: Iterable[str]) -> None:
    for table in tables:
        execute(f"ANALYZE subscriptions_{table}")


def _arrays(keys: Collection[Key]) -> Parameters:
    ordered = sorted(keys)
    return {
        "apps": [app for app, _, _ in ordered],
        "environments": [environment for _, environment, _ in ordered],
        "originals": [original for _, _, original in ordered],
    }


def _portions(keys: Collection[Key]) -> Iterator[list[Key]]:
    waiting = iter(sorted(keys))
    while portion := list(islice(waiting, PORTION)):
        yield portion
