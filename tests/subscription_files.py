"""Subscription reports of Sales and Trends in Apple's layouts with invented values. Shares no code with the product.

Everything is of Acme Notes (1500000001) and its product `notes.pro` (1500000101) unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tests.make_files import VENDOR, write

DAY = date(2026, 10, 12)
ACTIVE_1_2 = [
    "Active Standard Price Subscriptions",
    "Active Free Trial Introductory Offer Subscriptions",
    "Active Pay Up Front Introductory Offer Subscriptions",
    "Active Pay As You Go Introductory Offer Subscriptions",
    "Free Trial Promotional Offer Subscriptions",
    "Pay Up Front Promotional Offer Subscriptions",
    "Pay As You Go Promotional Offer Subscriptions",
]
CODES = [
    "Free Trial Offer Code Subscriptions",
    "Pay Up Front Offer Code Subscriptions",
    "Pay As You Go Offer Code Subscriptions",
]
WIN_BACK = ["Free Trial Win-back Offers", "Pay Up Front Win-back Offers", "Pay As You Go Win-back Offers"]
WHICH = [
    "App Name", "App Apple ID", "Subscription Name", "Subscription Apple ID", "Subscription Group ID",
    "Standard Subscription Duration", "Subscription Offer Name", "Promotional Offer ID",
]  # fmt: skip
PRICE = ["Customer Price", "Customer Currency", "Developer Proceeds", "Proceeds Currency"]
STATE_1_3 = [
    *(*WHICH, *PRICE, "Preserved Pricing", "Proceeds Reason", "Client", "Device", "State", "Country"),
    *(*ACTIVE_1_2, *CODES, "Marketing Opt-Ins", "Billing Retry", "Grace Period", "Subscribers", *WIN_BACK),
]
EVENT_1_3 = [
    *("Event Date", "Event", *WHICH, "Subscription Offer Type", "Subscription Offer Duration", "Marketing Opt-In"),
    *("Marketing Opt-In Duration", "Preserved Pricing", "Proceeds Reason", "Consecutive Paid Periods"),
    *("Original Start Date", "Client", "Device", "State", "Country", "Previous Subscription Name"),
    *("Previous Subscription Apple ID", "Days Before Canceling", "Cancellation Reason", "Days Canceled", "Quantity"),
    "Paid Service Days Recovered",
]
SUBSCRIBER_1_3 = [
    *("Event Date", *WHICH, "Subscription Offer Type", "Subscription Offer Duration", "Marketing Opt-In Duration"),
    *(*PRICE, "Preserved Pricing", "Proceeds Reason", "Client", "Device", "Country", "Subscriber ID"),
    *("Subscriber ID Reset", "Refund", "Purchase Date", "Units"),
]
#: What version 1_2 called the columns that it had under another name.
CALLED_1_2 = {"Subscription Offer Name": "Promotional Offer Name"}
AFTER_1_2 = {*CODES, *WIN_BACK, "Subscribers", "Paid Service Days Recovered"}

Row = dict[str, str]
NOTES_PRO: Row = {
    "App Name": "Acme Notes", "App Apple ID": "1500000001", "Subscription Name": "Pro Monthly",
    "Subscription Apple ID": "1500000101", "Subscription Group ID": "20000001",
    "Standard Subscription Duration": "1 Month", "Subscription Offer Name": " ", "Promotional Offer ID": " ",
    "Device": "iPhone", "Country": "US",
}  # fmt: skip
USD: Row = {
    "Customer Price": "9.99", "Customer Currency": "USD", "Developer Proceeds": "7.00", "Proceeds Currency": "USD",
}  # fmt: skip


def columns(**given: object) -> Row:
    """`App_Name="x"` as `{"App Name": "x"}`."""
    return {name.replace("_", " "): str(value) for name, value in given.items()}


def state(active: int = 1, **given: object) -> Row:
    """A row of the Subscription report; columns of counts that are not given are 0."""
    counts = dict.fromkeys([*ACTIVE_1_2, *CODES, *WIN_BACK, "Marketing Opt-Ins", "Billing Retry", "Grace Period"], "0")
    row = {**NOTES_PRO, **USD, **counts, "State": " ", "Active Standard Price Subscriptions": str(active)}
    return {**row, **columns(**given)}


def event(name: str = "Renew", quantity: int | str = 1, day: date = DAY, **given: object) -> Row:
    row = {**NOTES_PRO, "Event Date": day.isoformat(), "Event": name, "Quantity": str(quantity), "State": " "}
    return {**row, "Days Canceled": " ", **columns(**given)}


def subscriber(units: int | str = 1, day: date = DAY, **given: object) -> Row:
    row = {
        **NOTES_PRO,
        **USD,
        "Event Date": day.isoformat(),
        "Units": str(units),
        "Subscriber ID": "900000000000000017",
    }
    return {**row, **columns(**given)}


def in_1_2(header: Sequence[str]) -> list[str]:
    """The same header as version 1_2 had it."""
    return [CALLED_1_2.get(name, name) for name in header if name not in AFTER_1_2]


def state_report(folder: Path, *rows: Row, day: date = DAY, header: Sequence[str] = STATE_1_3, name: str = "") -> Path:
    return _write(folder, name or f"Subscription_{VENDOR}_{day:%Y%m%d}.txt", header, rows)


def event_report(folder: Path, *rows: Row, day: date = DAY, header: Sequence[str] = EVENT_1_3, name: str = "") -> Path:
    return _write(folder, name or f"Subscription_Event_{VENDOR}_{day:%Y%m%d}.txt", header, rows)


def subscriber_report(
    folder: Path, *rows: Row, day: date = DAY, header: Sequence[str] = SUBSCRIBER_1_3, name: str = ""
) -> Path:
    return _write(folder, name or f"Subscriber_{VENDOR}_{day:%Y%m%d}.txt", header, rows)


def _write(folder: Path, name: str, header: Sequence[str], rows: Sequence[Row]) -> Path:
    newest = {old: new for new, old in CALLED_1_2.items()}
    lines = ["\t".join(header)]
    lines += ["\t".join(row.get(newest.get(title, title), "") for title in header) for row in rows]
    return write(folder, name, ("\n".join(lines) + "\n").encode())
