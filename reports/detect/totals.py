from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

from reports.findings.found import Found
from reports.findings.severity import severity_of
from reports.models import Account, Cause, Delivery, DeliveryState, FindingKind, Grain
from reports.wording import amount


def totals_that_do_not_tie(start: date, end: date, account: Account | None) -> list[Found]:
    """Files whose own totals differ from the sum of their rows: one finding for each total.

    A total that does not tie says that the file was cut, edited, or written wrongly by Apple; it is loaded anyway.
    """
    deliveries = (
        Delivery.objects.filter(
            state=DeliveryState.LOADED,
            period_start__lte=end,
            period_end__gte=start,
            account__isnull=False,
            vintages__current=True,
        )
        .exclude(ties=[])
        .select_related("account", "vendor", "app", "raw_file")
        .distinct()
    )
    if account:
        deliveries = deliveries.filter(account=account)
    return [_found(delivery, *untied) for delivery in deliveries.order_by("pk") for untied in _untied(delivery)]


def _untied(delivery: Delivery) -> list[tuple[dict[str, str], str]]:
    """The totals that do not tie, each with its name; one that stands several times in a file is numbered."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for tie in (tie for tie in delivery.ties if not tie.get("tied", True)):
        key = (tie.get("label", ""), tie.get("currency", ""))
        seen[key] += 1
        number = f"({seen[key]})" if seen[key] > 1 else ""
        found.append((tie, " ".join(filter(None, (delivery.region_code, key[0], number)))))
    return found


def _found(delivery: Delivery, tie: dict[str, str], name: str) -> Found:
    assert delivery.account and delivery.period_start and delivery.period_end
    currency = tie.get("currency") or ""
    stated, counted = Decimal(tie["stated"]), Decimal(tie["computed"])
    console = delivery.side == "console"
    difference = stated - counted if console else counted - stated
    return Found(
        kind=FindingKind.TOTAL_DOES_NOT_TIE,
        cause=Cause.UNEXPLAINED,
        severity=severity_of(FindingKind.TOTAL_DOES_NOT_TIE, Cause.UNEXPLAINED, difference, stated, counted),
        account=delivery.account,
        vendor=delivery.vendor,
        app=delivery.app,
        report=delivery.report or delivery.kind,
        metric=tie.get("metric", "total"),
        cut="export" if console else "file",  # one file may lawfully stand on both sides
        member=name,
        currency=currency,
        grain=Grain(delivery.grain or Grain.DAY),
        from_day=delivery.period_start,
        to_day=delivery.period_end,
        api_value=None if console else counted,
        console_value=counted if console else None,
        difference=difference,
        explained=Decimal(0),
        money_at_risk={currency: str(abs(difference))} if currency else {},
        message=f"{delivery.file_name}: the file's own total {tie.get('label', '')} says {amount(stated, currency)}, "
        f"its rows add up to {amount(counted, currency)}.",
        next_step="Download the file again and compare: a cut or edited file is the usual reason. If Apple's file "
        "stays like this, book the rows and keep this finding as the explanation.",
        evidence=[
            {
                "file": delivery.file_name,
                "sha256": delivery.raw_file.sha256,
                "line": tie.get("line"),
                "delivery": delivery.pk,
            }
        ],
    )
