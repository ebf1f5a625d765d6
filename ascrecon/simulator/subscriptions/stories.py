"""Lives of subscriptions in which something is wrong, and the findings that must come of each.

Told like built.py, in days after the first purchase and in its letters; `going_on` adds the renewals that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ascrecon.simulator.subscriptions.built import (
    FAILED,
    FAILING,
    FIRST,
    PREF,
    PRICES,
    REASON,
    RENEWED,
    SEQUENCES,
    START,
    STATUS,
    at,
    renewed,
    step,
    upcoming,
)
from ascrecon.simulator.subscriptions.casting import Cast
from ascrecon.simulator.subscriptions.steps import DAY, Step

Money = dict[str, int]
#: Milliunits by currency that are at risk, of the steps that were signed so far.
Risk = Callable[[list[Step], Cast], Money]
DAYS = {"M": 30, "M2": 30, "B": 30, "Y": 365}
OFFERS = ("offerType", "offerIdentifier", "offerDiscountType")
LOST = "notification_lost"


@dataclass(frozen=True)
class Finds:
    """A finding of one rule. Moments are days after the first purchase; numbers in `member` are ids of the story.

    It is dated from `at` to `until` (None: to the same day) and shows from `shows` to before `gone`.
    """

    rule: str
    kind: str
    cause: str
    member: str
    at: float
    shows: float
    until: float | None = None
    gone: float = 1e9
    risk: Risk | None = None


@dataclass(frozen=True)
class Story:
    """`ends`: nothing goes on after the last step. `marked`: Apple's API tells what an upgrade replaced."""

    steps: Callable[[], list[Step]]
    finds: tuple[Finds, ...] = ()
    ends: bool = False
    marked: bool = True
    sandbox: bool = False


def paid_since(original: str, days: float, reason: str = "") -> Risk:
    """What was paid for purchases (or renewals only) of a subscription from a day on."""

    def risk(told: list[Step], cast: Cast) -> Money:
        lines = [row for row in _lines(told).values() if row["originalTransactionId"] == cast.id_of(original)]
        return _sum(row for row in lines if row["purchaseDate"] >= cast.at(days) and reason in ("", row[REASON]))

    return risk


def price_of_line(line: str) -> Risk:
    """The price of one purchase, as it was signed last."""
    return lambda told, cast: _sum([_lines(told)[cast.id_of(line)]])


def next_price(original: str) -> Risk:
    """What the next renewal would bring."""

    def risk(told: list[Step], cast: Cast) -> Money:
        wanted = cast.id_of(original)
        last = [each.renewal for each in told if each.renewal and each.renewal["originalTransactionId"] == wanted][-1]
        return {last["currency"]: last["renewalPrice"]}

    return risk


def _lines(told: Iterable[Step]) -> dict[str, Mapping[str, Any]]:
    return {each.transaction["webOrderLineItemId"]: each.transaction for each in told}


def _sum(rows: Iterable[Mapping[str, Any]]) -> Money:
    found: Money = {}
    for row in rows:
        found[row["currency"]] = found.get(row["currency"], 0) + row["price"]
    return found


def _first() -> Step:
    return SEQUENCES["renew"]()[0]


def _renewal() -> Step:
    return SEQUENCES["renew"]()[1]


def _changed(each: Step, **changes: Any) -> Step:
    return replace(each, transaction={**each.transaction, **changes})


def _second(start: float, *, price: int | None = None, status: int = 1) -> Step:
    """The second period, from another day or at another price than it should be."""
    later = renewed(101, 100, 901, "M", start, start + 30, price)
    priced: dict[str, Any] = {} if price is None else {"renewalPrice": price}
    return step(start, RENEWED, status, later, upcoming(100, "M", start + 30, **priced))


def _off(days: float) -> Step:
    return step(days, f"{STATUS}/AUTO_RENEW_DISABLED", 1, FIRST, upcoming(100, "M", 30, on=0))


def _expired(last: Mapping[str, Any], days: float) -> Step:
    ended = upcoming(100, "M", days, on=0, expirationIntent=1, isInBillingRetryPeriod=False)
    return step(days, "EXPIRED/VOLUNTARY", 2, dict(last), ended)


def only_bought() -> list[Step]:
    return [_first()]


def grace_without_end() -> list[Step]:
    failing = upcoming(100, "M", 30, gracePeriodExpiresDate=at(46), **FAILING)
    return [_first(), step(30, f"{FAILED}/GRACE_PERIOD", 4, FIRST, failing)]


def retry_without_end() -> list[Step]:
    return SEQUENCES["billing_retry_lost"]()[:2]


def reparented() -> list[Step]:
    """The purchase is told under another subscription and the day after under its own again (as in March 2025)."""
    off = _off(1)
    return [_first(), _changed(off, originalTransactionId="999"), replace(_off(2), subtype="AUTO_RENEW_ENABLED",
            renewal=upcoming(100, "M", 30)), _renewal()]  # fmt: skip


def dearer() -> list[Step]:
    return [_first(), _second(30, price=12990)]


def downgrade_not_applied() -> list[Step]:
    wanted = step(5, f"{PREF}/DOWNGRADE", 1, FIRST, upcoming(100, "M", 30, nxt="B"))
    return [_first(), wanted, _renewal()]


def contradicting() -> list[Step]:
    first, second, copy = SEQUENCES["restored"]()
    other = _changed(copy, price=8990)
    return [first, second, other, _expired(other.transaction, 60)]


def renewed_though_cancelled() -> list[Step]:
    second = _second(30)
    stopped = step(40, f"{STATUS}/AUTO_RENEW_DISABLED", 1, dict(second.transaction), upcoming(100, "M", 60, on=0))
    return [_first(), _off(10), second, stopped, _expired(second.transaction, 60)]


def restored() -> list[Step]:
    told = SEQUENCES["restored"]()
    return [*told, _expired(told[-1].transaction, 60)]


def overlapping() -> list[Step]:
    return [_first(), _second(20)]


def with_gap() -> list[Step]:
    return [_first(), _second(33)]


def without_price() -> list[Step]:
    return [_changed(_first(), price=None)]


def contradicting_status() -> list[Step]:
    return [_first(), _second(30, status=2)]


def refunded_in_an_unknown_part() -> list[Step]:
    first, gone = SEQUENCES["refund"]()
    part = {name: value for name, value in gone.transaction.items() if name != "revocationPercentage"}
    return [first, replace(gone, transaction={**part, "revocationType": "REFUND_PRORATED"})]


def without_token() -> list[Step]:
    told = SEQUENCES["resubscribed"]()
    mine = [_changed(each, appAccountToken="anna") for each in told[:-1]]
    return [*mine, told[-1]]


def _double(cause: str, at_day: float, rule_a06: bool = True) -> tuple[Finds, ...]:
    both = Finds("A04", "double_billing", cause, "300 + 400", at_day, at_day,
                 risk=paid_since("300", at_day, "RENEWAL"))  # fmt: skip
    beside = Finds("A06", "double_billing", "not_ended", "400", 15, 15)
    return (both, beside) if rule_a06 else (both,)


def _mismatch(rule: str, cause: str, member: str, at_day: float, **more: Any) -> Finds:
    return Finds(rule, "transaction_mismatch", cause, member, at_day, more.pop("shows", at_day), **more)


def _missing(rule: str, at_day: float, shows: float, **more: Any) -> Finds:
    return Finds(rule, "renewal_missing", LOST, more.pop("member", "100"), at_day, shows, **more)


STORIES: dict[str, Story] = {
    "token_moved": Story(SEQUENCES["token_moved"], (
        Finds("A01", "account_token_moved", "login_changed", "100", 30, 30, risk=paid_since("100", 30)),)),
    "token_lost": Story(without_token, (Finds("A02", "account_token_moved", "outside_app", "100", 45, 45),)),
    "billed_twice": Story(SEQUENCES["billed_twice"], _double("not_ended", 15)),
    "billed_by_two_apple_accounts": Story(
        SEQUENCES["billed_by_two_apple_accounts"], _double("two_apple_accounts", 15, rule_a06=False)),
    "billed_twice_after_retry": Story(SEQUENCES["billed_twice_after_retry"], _double("billing_retry", 30)),
    "periods_overlap": Story(overlapping, (
        Finds("A26", "double_billing", "unexplained", "900 + 901", 20, 20, until=30, risk=price_of_line("901")),)),
    "renewed_though_cancelled": Story(renewed_though_cancelled, (
        Finds("A40", "double_billing", "unexplained", "100 901", 30, 30, risk=price_of_line("901")),)),
    "renewal_missing": Story(only_bought, (_missing("A08", 30, 31, risk=next_price("100")),), ends=True),
    "grace_without_end": Story(
        grace_without_end, (_missing("A09", 46, 47), _missing("A10", 30, 97)), ends=True),
    "retry_without_end": Story(retry_without_end, (_missing("A10", 30, 97),), ends=True),
    "period_missing": Story(with_gap, (
        _missing("A27", 30, 33, until=33, member="100 901"),
        _missing("A08", 30, 31, gone=33, risk=next_price("100")))),
    "transaction_reparented": Story(reparented, (_mismatch("A07", "unexplained", "100", 1),)),
    "price_changed": Story(dearer, (_mismatch("A18", "unexplained", "100 901", 30),)),
    "price_missing": Story(without_price, (_mismatch("A19", "unexplained", "900", 0),)),
    "upgrade_not_marked": Story(
        SEQUENCES["upgrade"], (_mismatch("A22", "not_final", "910", 10, shows=12),), marked=False),
    "downgrade_not_applied": Story(
        downgrade_not_applied, (_mismatch("A23", LOST, "100 901", 30, shows=29.5),)),
    "purchase_restored": Story(restored, (_mismatch("A24", "customer_change", "901", 30, shows=33),)),
    "purchase_contradicts": Story(contradicting, (
        _mismatch("A25", "unexplained", "901", 30, shows=33, risk=price_of_line("901")),
        _mismatch("A18", "unexplained", "100 901", 30, shows=33))),
    "status_contradicts": Story(contradicting_status, (_mismatch("A34", "unexplained", "uuid 2", 30),)),
    "refund_unclear": Story(
        refunded_in_an_unknown_part, (_mismatch("A37", "unexplained", "100", 3 - 1 / 24, shows=3),)),
    "sandbox_at_production": Story(only_bought, (
        Finds("A14", "notification_gap", "wrong_address", "uuid 1", 0, 0),), ends=True, sandbox=True),
}  # fmt: skip

#: Ordinary things that look like one of these and must not be flagged.
HARMLESS = (
    "renew", "upgrade", "downgrade", "crossgrade_same_duration", "crossgrade_other_duration", "refund",
    "refund_in_part", "refund_declined", "refund_reversed", "grace_recovered", "grace_lost", "billing_retry_lost",
    "expired", "resubscribed", "family", "offer_redeemed", "offer_code", "price_increase_accepted",
    "price_increase_lapsed", "switched_off_and_on", "trial", "linked_later",
)  # fmt: skip


def going_on(told: list[Step], horizon: float) -> list[Step]:
    """The story with the renewals of what still renews at its end, up to `horizon` days after its first purchase."""
    last: dict[str, Step] = {}
    for each in sorted(told, key=lambda one: one.signed_ms):
        last[each.transaction["originalTransactionId"]] = each
    return [*told, *(later for each in last.values() if _goes_on(each) for later in _renewals(each, horizon))]


def _goes_on(last: Step) -> bool:
    is_own = last.transaction["inAppOwnershipType"] == "PURCHASED"
    same = (
        last.renewal is not None and last.renewal["originalTransactionId"] == last.transaction["originalTransactionId"]
    )
    return is_own and same and last.status in (1, 2) and bool(last.renewal and last.renewal["autoRenewStatus"])


def _renewals(last: Step, horizon: float) -> Iterable[Step]:
    assert last.renewal is not None
    product, bought_last = str(last.renewal["autoRenewProductId"]), _without_trial(last.transaction)
    start = (int(bought_last["expiresDate"]) - START) / DAY
    token = last.renewal.get("appAccountToken") or bought_last.get("appAccountToken")
    own: dict[str, Any] = {**bought_last, REASON: "RENEWAL", **({"appAccountToken": token} if token else {})}
    price = own["price"] if own["productId"] == product and own.get("price") else PRICES[product]
    original = int(own["originalTransactionId"])
    number = original * 100 + 50
    while start < horizon:
        number, end = number + 1, start + DAYS[product]
        period = {"purchaseDate": at(start), "expiresDate": at(end), "productId": product, "price": price}
        ids = {"transactionId": str(number), "webOrderLineItemId": str(number)}
        kept = {name: own[name] for name in ("appTransactionId", "appAccountToken", *OFFERS) if name in own}
        nxt = upcoming(original, product, end, renewalPrice=price, **kept)
        yield step(start - 0.5, RENEWED, 1, {**own, **period, **ids}, nxt)
        start = end


def _without_trial(row: Mapping[str, Any]) -> dict[str, Any]:
    """A free trial is not renewed: what follows is paid."""
    if row.get("offerDiscountType") != "FREE_TRIAL":
        return dict(row)
    return {name: value for name, value in row.items() if name not in (*OFFERS, "price")} | {"price": 0}
