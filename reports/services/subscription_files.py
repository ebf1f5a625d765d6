"""Which day a subscription report of Sales and Trends tells, and which vendors have such reports."""

from __future__ import annotations

from datetime import date

from reports.files.errors import BadFile
from reports.ingest.tally import Tally
from reports.models import SUBSCRIPTION_KINDS, Delivery, Grain, Kind, Vendor
from reports.sql import fetch

#: Auto-renewable subscriptions by their product type identifier (Apple: IAY, on the Mac IAY-M).
SOLD = """
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
    """Remember that a vendor sells subscriptions once its sales rows name one: only then Apple is asked for reports."""
    if delivery.vendor is None or delivery.vendor.sells_subscriptions:
        return
    ((sold,),) = fetch(SOLD, {"first": delivery.first_row_id, "last": delivery.last_row_id})
    if sold:
        Vendor.objects.filter(pk=delivery.vendor_id).update(sells_subscriptions=True)
        delivery.vendor.sells_subscriptions = True
