"""Which day a subscription report of Sales and Trends tells, and which vendors have such reports."""

from __future__ import annotations

from datetime import date

from reports.files.errors import BadFile
from reports.ingest.tally import Tally
from reports.models import SUBSCRIPTION_KINDS, Delivery, Grain, Kind, Vendor
from reports.sql import execute, fetch

#: Auto-renewable subscriptions by their product type identifier (Apple: IAY, on the Mac IAY-M). A sales row carries the
#: product ID as SKU, its number as Apple identifier and the app's SKU as parent identifier.
ADD_PRODUCTS = """
INSERT INTO reports_subscriptionproduct AS p (account_id, apple_id, sku, parent_sku, name)
SELECT %(account)s::bigint, apple_id, min(sku), min(parent_identifier), min(title) FROM reports_salesrow
WHERE id BETWEEN %(first)s AND %(last)s AND product_type LIKE 'IAY%%' AND apple_id IS NOT NULL AND sku <> ''
GROUP BY apple_id
ON CONFLICT (account_id, apple_id) DO UPDATE
    SET sku = excluded.sku, parent_sku = excluded.parent_sku, name = excluded.name
    WHERE (p.sku, p.parent_sku, p.name) <> (excluded.sku, excluded.parent_sku, excluded.name)
"""
OWN_PRODUCTS = """
SELECT EXISTS (SELECT FROM reports_salesrow WHERE id BETWEEN %(first)s AND %(last)s AND product_type LIKE 'IAY%%')
"""


def place_subscriptions(delivery: Delivery, tally: Tally, said: date | None) -> None:
    """Give the delivery its report and day: what was asked for, said or in Apple's file name, else what its rows tell.

    Raises `BadFile` where nothing tells the day (the Subscription report has no column for it), and where no row is of
    the day that was said.
    """
    day = said or tally.start_day
    if day is None:
        raise BadFile(file=delivery.file_name, seen=_why_no_day(delivery, tally), do="say which day it is for (--date)")
    if tally.days and day not in tally.days:
        seen = f"rows of {', '.join(map(str, sorted(tally.days)))} and none of {day}"
        raise BadFile(file=delivery.file_name, seen=seen, do="correct the day, or ask Apple for the file again")
    delivery.period_start = delivery.period_end = day
    delivery.report = SUBSCRIPTION_KINDS[Kind(delivery.kind)].value
    delivery.grain = Grain.DAY


def _why_no_day(delivery: Delivery, tally: Tally) -> str:
    if delivery.kind == Kind.SUBSCRIPTION:
        return "a Subscription report, which has no column for its day, under a name that does not tell it either"
    return tally.why_no_period


def note_subscriptions(delivery: Delivery) -> None:
    """Remember the subscriptions that sales rows name, and that their vendor sells some: only then Apple is asked."""
    parameters = {
        "account": delivery.account_id,
        "first": delivery.first_row_id,
        "last": delivery.last_row_id,
    }
    ((sold,),) = fetch(OWN_PRODUCTS, parameters)
    if not sold:
        return
    execute(ADD_PRODUCTS, parameters)
    if delivery.vendor is not None:
        Vendor.objects.filter(pk=delivery.vendor.pk, sells_subscriptions=False).update(sells_subscriptions=True)
