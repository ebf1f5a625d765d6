"""Apple's analytics reports as data: the columns of each, Standard and Detailed.

Source: Apple's page of each report, as of 2026. Apple says that columns may move and that new ones may come, so they
are found by name; one that is new is kept with the row. The two subscription reports say `Event Date` or `Date`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.ingest.layouts import Cell, Column, Generation, Layout, fold

#: For a report that has no layout of its own.
OTHER = "OTHER"

TEXT, NUMBER, COUNT, DAY, ID = Cell.TEXT, Cell.NUMBER, Cell.REQUIRED_NUMBER, Cell.DAY_OR_BLANK, Cell.APPLE_ID


def _columns(*facts: tuple[str, Cell, str]) -> tuple[Column, ...]:
    return tuple(Column(target, cell, (fold(header),), required=True) for target, cell, header in facts)


APP = (("day", Cell.DAY, "Date"), ("app_name", TEXT, "App Name"), ("apple_id", ID, "App Apple Identifier"))
DEVICE = (("device", TEXT, "Device"), ("platform_version", TEXT, "Platform Version"))
SOURCE = (("source_type", TEXT, "Source Type"), ("page_type", TEXT, "Page Type"))
TERRITORY = (("territory", TEXT, "Territory"),)
DOWNLOAD_DAY = (("app_download_day", DAY, "App Download Date"),)
PRE_ORDER = (("pre_order", TEXT, "Pre-Order"),)
COUNTS = (("counts", COUNT, "Counts"),)
UNIQUE_DEVICES = (("unique_devices", NUMBER, "Unique Devices"),)
#: What only Detailed reports tell.
DETAILS = _columns(
    ("source_info", TEXT, "Source Info"), ("campaign", TEXT, "Campaign"), ("page_title", TEXT, "Page Title")
)
SUBSCRIPTION_DETAILS = _columns(
    ("source_info", TEXT, "App Download Source Info"),
    ("campaign", TEXT, "Campaign"),
    ("page_title", TEXT, "Page Title"),
)

DOWNLOADS = _columns(
    *APP,
    ("download_type", TEXT, "Download Type"),
    ("app_version", TEXT, "App Version"),
    *DEVICE,
    *SOURCE,
    *PRE_ORDER,
    *TERRITORY,
    *COUNTS,
)
PURCHASES = _columns(
    *APP,
    ("purchase_type", TEXT, "Purchase Type"),
    ("content_name", TEXT, "Content Name"),
    ("content_apple_id", ID, "Content Apple Identifier"),
    ("payment_method", TEXT, "Payment Method"),
    *DEVICE,
    *SOURCE,
    *DOWNLOAD_DAY,
    *PRE_ORDER,
    *TERRITORY,
    ("purchases", COUNT, "Purchases"),
    ("proceeds_usd", COUNT, "Proceeds in USD"),
    ("sales_usd", COUNT, "Sales in USD"),
    ("paying_users", NUMBER, "Paying Users"),
)
ENGAGEMENT = _columns(
    *APP,
    ("event", TEXT, "Event"),
    *SOURCE,
    ("engagement_type", TEXT, "Engagement Type"),
    *DEVICE,
    *TERRITORY,
    *COUNTS,
    ("unique_counts", NUMBER, "Unique Counts"),
)
INSTALLATIONS = _columns(
    *APP,
    ("event", TEXT, "Event"),
    ("download_type", TEXT, "Download Type"),
    ("app_version", TEXT, "App Version"),
    *DEVICE,
    *SOURCE,
    *DOWNLOAD_DAY,
    *TERRITORY,
    *COUNTS,
    *UNIQUE_DEVICES,
)
SESSIONS = _columns(
    *APP,
    ("app_version", TEXT, "App Version"),
    *DEVICE,
    *SOURCE,
    *DOWNLOAD_DAY,
    *TERRITORY,
    ("sessions", COUNT, "Sessions"),
    ("total_session_duration", COUNT, "Total Session Duration"),
    *UNIQUE_DEVICES,
)
PRE_ORDERS = _columns(
    *APP,
    *DEVICE,
    *SOURCE,
    *TERRITORY,
    ("pre_order_start", DAY, "Pre-Order Start Date"),
    ("pre_order_end", DAY, "Pre-Order End Date"),
    ("placed", COUNT, "Pre-Orders Placed"),
    ("canceled", COUNT, "Pre-Orders Canceled"),
)
# Whether Apple writes numbers or product ids as identifiers of subscriptions is documented nowhere: they are texts.
SUBSCRIPTION = (
    ("subscription_name", TEXT, "Subscription Name"),
    ("subscription_id", TEXT, "Subscription Identifier"),
    ("subscription_duration", TEXT, "Subscription Duration"),
    ("billing_frequency", TEXT, "Billing Frequency"),
    ("billing_period", TEXT, "Billing Period"),
    ("subscription_group", TEXT, "Subscription Group"),
    ("subscription_group_id", TEXT, "Subscription Group Identifier"),
    ("offer_type", TEXT, "Offer Type"),
    ("offer_name", TEXT, "Offer Name"),
    ("offer_id", TEXT, "Offer ID"),
    ("vanity_code", TEXT, "Vanity Code"),
    ("offer_pricing", TEXT, "Offer Pricing"),
    ("offer_duration", TEXT, "Offer Duration"),
    ("family_sharing", TEXT, "Family Sharing"),
    ("cancellation_reason", TEXT, "Cancellation Reason"),
    ("source_type", TEXT, "App Download Source Type"),
    ("page_type", TEXT, "Page Type"),
    *PRE_ORDER,
    ("device", TEXT, "Original Purchase Device"),
    *TERRITORY,
    *COUNTS,
)
SUBSCRIPTION_STATE = _columns(
    *APP,
    ("state_metric", TEXT, "State Metric"),
    ("state_grouping", TEXT, "State Metric Grouping"),
    *SUBSCRIPTION,
)
SUBSCRIPTION_EVENT = (
    Column("day", Cell.DAY, (fold("Event Date"), fold("Date")), required=True),
    *_columns(
        *APP[1:],
        ("event", TEXT, "Event Sub Type"),
        ("event_grouping", TEXT, "Event Grouping"),
        *SUBSCRIPTION,
        ("plan_change_type", TEXT, "Plan Change Type"),
        ("previous_subscription_name", TEXT, "Previous Subscription Name"),
        ("previous_subscription_id", TEXT, "Previous Subscription Identifier"),
        ("paid_days_recovered", NUMBER, "Paid Service Days Recovered"),
    ),
)
OTHER_COLUMNS = (
    Column("day", Cell.DAY_OR_BLANK, (fold("Date"),)),
    Column("apple_id", Cell.APPLE_ID, (fold("App Apple Identifier"),)),
)


def _layout(name: str, columns: Sequence[Column], details: Sequence[Column]) -> Layout:
    """`details`: the columns that only the Detailed report has; its sibling's rows have blanks there."""
    every = frozenset(column.target for column in columns)
    copy = ("id", *(column.target for column in columns if column not in details))
    detailed = tuple(column.target for column in DETAILS) if name != OTHER else ()
    return Layout(
        kind=name,
        columns=tuple(columns),
        kept=frozenset(),
        generations=(Generation("2026", frozenset(), every),),
        copy_columns=(*copy, *detailed, "extra"),
    )


def _pair(name: str, columns: Sequence[Column], details: Sequence[Column]) -> dict[str, Layout]:
    detailed, standard = f"{name} Detailed", f"{name} Standard"
    return {
        standard: _layout(standard, columns, ()),
        detailed: _layout(detailed, (*columns, *details), details),
    }


#: By the name that the API gives the report.
ANALYTICS_LAYOUTS: Mapping[str, Layout] = {
    **_pair("App Downloads", DOWNLOADS, DETAILS),
    **_pair("App Store Purchases", PURCHASES, DETAILS),
    **_pair("App Store Discovery and Engagement", ENGAGEMENT, DETAILS),
    **_pair("App Store Installation and Deletion", INSTALLATIONS, DETAILS),
    **_pair("App Sessions", SESSIONS, DETAILS),
    **_pair("App Store Pre-Orders", PRE_ORDERS, DETAILS),
    **_pair("App Store Subscription State Report", SUBSCRIPTION_STATE, SUBSCRIPTION_DETAILS),
    **_pair("App Store Subscription Event Report", SUBSCRIPTION_EVENT, SUBSCRIPTION_DETAILS),
}
OTHER_LAYOUT = _layout(OTHER, OTHER_COLUMNS, ())


def analytics_layout(report: str) -> Layout:
    """The layout of a report by its API name; case does not count. Reports without one are kept with their columns."""
    wanted = fold(report)
    return next((layout for name, layout in ANALYTICS_LAYOUTS.items() if fold(name) == wanted), OTHER_LAYOUT)
