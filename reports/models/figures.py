from __future__ import annotations

from typing import ClassVar

from django.db import models

from reports.models.accounts import App
from reports.models.deliveries import Vintage
from reports.models.fields import AmountField


class Member(models.Model):
    """A member of the finest cut of a report: territory, product, type and device of a sale, or a region of a payment.

    They repeat day after day, so figures name them by number, which follows from `dims` (`reports.figures.members`).
    """

    id = models.BigIntegerField(primary_key=True)
    dims = models.JSONField(default=dict)

    def __str__(self) -> str:
        return " · ".join(str(value) for value in self.dims.values() if value) or "all"


class FigureOf(models.Model):
    """What figures are of: an app (where one is known) and a member, without a foreign key to check for each."""

    n = models.IntegerField()
    app = models.ForeignKey(App, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+")
    member = models.ForeignKey(Member, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")

    class Meta:
        abstract = True


class Figure(FigureOf):
    """This metric, of this app, in this period (its vintage's), for this member, in this currency, is this value.

    Kept in the finest cut only: every coarser cut is a sum of it, made when two sides are compared. A view for reading:
    a figure lies alone as a `StoredFigure`, or beside the others of its sale in a row of `SalesFigures`.
    """

    pk = models.CompositePrimaryKey("vintage_id", "metric", "n")
    vintage = models.ForeignKey(Vintage, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="figures")
    metric = models.TextField()
    currency = models.TextField(default="", help_text="ISO code; empty for counts")
    value = AmountField()

    class Meta:
        managed = False
        ordering: ClassVar[tuple[str, ...]] = ("vintage_id", "metric", "n")

    def __str__(self) -> str:
        return f"{self.metric} {self.value} {self.currency}".strip()


class StoredFigure(FigureOf):
    """A figure that is kept alone: of the console, of payments, and of a member that is sold in several ways."""

    # The metric in the key: a rule reads one of them.
    pk = models.CompositePrimaryKey("vintage_id", "metric", "n")
    vintage = models.ForeignKey(Vintage, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    metric = models.TextField()
    currency = models.TextField(default="", help_text="ISO code; empty for counts")
    value = AmountField()

    def __str__(self) -> str:
        return f"{self.metric} {self.value} {self.currency}".strip()


class SalesFigures(FigureOf):
    """Up to four figures of one app and member of a sales report in one row: `units`, `rows`, `proceeds`, `sales`.

    A large day has two million figures of half a million members: a row for each would cost as much as the file's rows.
    """

    pk = models.CompositePrimaryKey("vintage_id", "n")
    vintage = models.ForeignKey(Vintage, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    units = AmountField()
    sold_rows = models.IntegerField(help_text="rows with sales; 0 is no figure")
    proceeds = AmountField(null=True)
    proceeds_currency = models.TextField(default="")
    sales = AmountField(null=True)
    customer_currency = models.TextField(default="")

    def __str__(self) -> str:
        return f"{self.units} units"
