"""Many customers, each of whom lives one of the built sequences with ids and an app login of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count, cycle, islice
from typing import Any

from ascrecon.simulator.subscriptions.built import SEQUENCES
from ascrecon.simulator.subscriptions.steps import Step

IDS = ("transactionId", "originalTransactionId", "webOrderLineItemId", "appTransactionId")
TOKEN = "appAccountToken"  # noqa: S105  (the name of a field)


def crowd(notifications: int) -> dict[str, Step]:
    """So many notifications, each under a name of its own: the sequences in turn, each for a new customer."""
    return dict(islice(_lives(), notifications))


def _lives() -> Iterator[tuple[str, Step]]:
    for customer, (name, build) in zip(count(1), cycle(SEQUENCES.items())):  # noqa: B905  (both are endless)
        for number, step in enumerate(build(), start=1):
            yield f"{name} {number} of customer {customer}", of_customer(step, customer)


def of_customer(step: Step, customer: int) -> Step:
    """The same step of another customer: ids with the customer's number before them, logins with it at their end."""
    renewal = None if step.renewal is None else _own(step.renewal, customer)
    return replace(step, transaction=_own(step.transaction, customer), renewal=renewal)


def _own(fields: Mapping[str, Any], customer: int) -> dict[str, Any]:
    own = {name: f"{customer}{fields[name]}" for name in IDS if name in fields}
    token = {TOKEN: f"{fields[TOKEN][:24]}{customer:012d}"} if fields.get(TOKEN) else {}
    return {**fields, **own, **token}
