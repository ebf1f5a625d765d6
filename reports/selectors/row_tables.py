"""Which table the rows of a file stand in, and which vintages a table's rows tell."""

from __future__ import annotations

from django.db.models import Model, Q

from reports.figures.analytics import DETAILED, FAMILIES, OTHER, STANDARD, Family, family_of
from reports.models import (
    ConsoleRow,
    Delivery,
    FinanceRow,
    Kind,
    SalesRow,
    SubscriberRow,
    SubscriptionChangeRow,
    SubscriptionCountRow,
)

TABLES: dict[str, type[Model]] = {
    Kind.SALES: SalesRow,
    Kind.R: SalesRow,
    Kind.FINANCIAL: FinanceRow,
    Kind.FINANCE_DETAIL: FinanceRow,
    Kind.F1: FinanceRow,
    Kind.F2: FinanceRow,
    Kind.SUBSCRIPTION: SubscriptionCountRow,
    Kind.SUBSCRIPTION_EVENT: SubscriptionChangeRow,
    Kind.SUBSCRIBER: SubscriberRow,
    Kind.A1: ConsoleRow,
    Kind.A2: ConsoleRow,
    Kind.P: ConsoleRow,
}


def table_of(delivery: Delivery) -> type[Model]:
    """The model of a delivery's rows."""
    return TABLES.get(delivery.kind) or family_of(delivery.report).model


def told_in(model: type[Model]) -> Q:
    """The vintages whose rows stand in the table of `model`; of analytics reports those of days."""
    kinds = [kind for kind, table in TABLES.items() if table is model]
    if kinds:
        return Q(series__kind__in=kinds)
    return Q(series__kind=Kind.ANALYTICS, series__grain="day") & reports_in(model, "series__report")


def has_many_days(model: type[Model]) -> bool:
    """Whether a file of this table holds several days, each of which another file may replace."""
    return model not in TABLES.values()


def reports_in(model: type[Model], field: str = "report") -> Q:
    """The analytics reports whose rows stand in the table of `model`, as a condition on the `field` that names them."""
    family = _family(model)
    if family is not OTHER:
        return _named(family, field)
    known = Q()
    for each in FAMILIES:
        known |= _named(each, field)
    return ~known


def _family(model: type[Model]) -> Family:
    return next((family for family in FAMILIES if family.model is model), OTHER)


def _named(family: Family, field: str) -> Q:
    return Q(**{f"{field}__iexact": family.name + STANDARD}) | Q(**{f"{field}__iexact": family.name + DETAILED})
