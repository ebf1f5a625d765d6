"""The subscription reports of Sales and Trends as data: columns of versions 1_2, 1_3 and 1_4, found by name.

Sources: files of October 2020 (1_2: 28, 28 and 26 columns) and of February 2026 (1_3: 35 columns); Apple Help for what
1_3 renamed. Apple names 1_4 in answers only; a column that it adds is kept with the row.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.ingest.layouts import Cell, Column, Generation, Layout, fold

TEXT, NUMBER, COUNT, ID = Cell.TEXT, Cell.NUMBER, Cell.REQUIRED_NUMBER, Cell.IDENTIFIER


def _column(target: str, cell: Cell, *headers: str) -> Column:
    """A column that may be absent; the first header is the newest."""
    return Column(target, cell, tuple(fold(header) for header in headers))


def _required(target: str, cell: Cell, *headers: str) -> Column:
    return Column(target, cell, tuple(fold(header) for header in headers), required=True)


DAY = _required("day", Cell.DAY, "Event Date")
WHICH = (
    _required("app_name", TEXT, "App Name"),
    _required("apple_id", Cell.APPLE_ID, "App Apple ID"),
    _required("subscription_name", TEXT, "Subscription Name"),
    _required("subscription_apple_id", ID, "Subscription Apple ID"),
    _column("subscription_group_id", ID, "Subscription Group ID"),
    _column("standard_duration", TEXT, "Standard Subscription Duration"),
    _column("offer_name", TEXT, "Subscription Offer Name", "Promotional Offer Name"),
    _column("offer_id", TEXT, "Promotional Offer ID"),
)
PRICE = (
    _required("customer_price", NUMBER, "Customer Price"),
    _required("customer_currency", Cell.CURRENCY, "Customer Currency"),
    _required("developer_proceeds", NUMBER, "Developer Proceeds"),
    _required("proceeds_currency", Cell.CURRENCY, "Proceeds Currency"),
)
HOW = (
    _column("preserved_pricing", TEXT, "Preserved Pricing"),
    _column("proceeds_reason", TEXT, "Proceeds Reason"),
    _column("client", TEXT, "Client"),
    _column("device", TEXT, "Device"),
)
STATE = (_column("state", TEXT, "State"),)
COUNTRY = (_required("country", TEXT, "Country"),)
OFFER = (
    _column("offer_type", TEXT, "Subscription Offer Type"),
    _column("offer_duration", TEXT, "Subscription Offer Duration"),
)
OPT_IN_DURATION = _column("marketing_opt_in_duration", TEXT, "Marketing Opt-In Duration")

#: Subscriptions that are active at the end of a day; whether those in their grace period are is not documented.
ACTIVE = (
    _required("active_standard", COUNT, "Active Standard Price Subscriptions"),
    _column("active_free_trials", NUMBER, "Active Free Trial Introductory Offer Subscriptions"),
    _column("active_pay_up_front", NUMBER, "Active Pay Up Front Introductory Offer Subscriptions"),
    _column("active_pay_as_you_go", NUMBER, "Active Pay As You Go Introductory Offer Subscriptions"),
    _column("promotional_free_trials", NUMBER, "Free Trial Promotional Offer Subscriptions"),
    _column("promotional_pay_up_front", NUMBER, "Pay Up Front Promotional Offer Subscriptions"),
    _column("promotional_pay_as_you_go", NUMBER, "Pay As You Go Promotional Offer Subscriptions"),
    _column("offer_code_free_trials", NUMBER, "Free Trial Offer Code Subscriptions"),
    _column("offer_code_pay_up_front", NUMBER, "Pay Up Front Offer Code Subscriptions"),
    _column("offer_code_pay_as_you_go", NUMBER, "Pay As You Go Offer Code Subscriptions"),
    _column("win_back_free_trials", NUMBER, "Free Trial Win-back Offers"),
    _column("win_back_pay_up_front", NUMBER, "Pay Up Front Win-back Offers"),
    _column("win_back_pay_as_you_go", NUMBER, "Pay As You Go Win-back Offers"),
)
STATE_COLUMNS = (
    *(*WHICH, *PRICE, *HOW, *STATE, *COUNTRY, *ACTIVE),
    _column("marketing_opt_ins", NUMBER, "Marketing Opt-Ins"),
    _column("billing_retry", NUMBER, "Billing Retry"),
    _column("grace_period", NUMBER, "Grace Period"),
    _column("subscribers", NUMBER, "Subscribers"),
)
EVENT_COLUMNS = (
    DAY,
    _required("event", TEXT, "Event"),
    *(*WHICH, *OFFER),
    _column("marketing_opt_in", TEXT, "Marketing Opt-In"),
    OPT_IN_DURATION,
    *HOW,
    _column("consecutive_paid_periods", NUMBER, "Consecutive Paid Periods"),
    _column("original_start_day", Cell.DAY_OR_BLANK, "Original Start Date"),
    *(*STATE, *COUNTRY),
    _column("previous_subscription_name", TEXT, "Previous Subscription Name"),
    _column("previous_subscription_apple_id", ID, "Previous Subscription Apple ID"),
    _column("days_before_canceling", NUMBER, "Days Before Canceling"),
    _column("cancellation_reason", TEXT, "Cancellation Reason"),
    _column("days_canceled", NUMBER, "Days Canceled"),
    _required("quantity", COUNT, "Quantity"),
    _column("paid_service_days_recovered", NUMBER, "Paid Service Days Recovered"),
)
SUBSCRIBER_COLUMNS = (
    DAY,
    *(*WHICH, *OFFER),
    OPT_IN_DURATION,
    *(*PRICE, *HOW, *COUNTRY),
    _required("subscriber_id", ID, "Subscriber ID"),
    _column("subscriber_id_reset", TEXT, "Subscriber ID Reset"),
    _column("refund", TEXT, "Refund"),
    _column("purchase_day", Cell.DAY_OR_BLANK, "Purchase Date"),
    _required("units", COUNT, "Units"),
)
#: What files of 2020 lack, by the table's names.
AFTER_2020 = frozenset(
    {
        *("offer_code_free_trials", "offer_code_pay_up_front", "offer_code_pay_as_you_go", "subscribers"),
        *("win_back_free_trials", "win_back_pay_up_front", "win_back_pay_as_you_go", "paid_service_days_recovered"),
    }
)


def _layout(kind: str, columns: Sequence[Column]) -> Layout:
    every = frozenset(column.target for column in columns)
    return Layout(
        kind=kind,
        columns=tuple(columns),
        kept=frozenset(),
        generations=(
            Generation("1_3", frozenset({fold("Subscription Offer Name")}), every),
            Generation("1_2", frozenset(), every - AFTER_2020),
        ),
        copy_columns=("id", *(column.target for column in columns), "extra"),
    )


SUBSCRIPTION = _layout("SUBSCRIPTION", STATE_COLUMNS)
SUBSCRIPTION_EVENT = _layout("SUBSCRIPTION_EVENT", EVENT_COLUMNS)
SUBSCRIBER = _layout("SUBSCRIBER", SUBSCRIBER_COLUMNS)
SUBSCRIPTION_LAYOUTS = (SUBSCRIPTION, SUBSCRIPTION_EVENT, SUBSCRIBER)
