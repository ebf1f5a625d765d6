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


class Figure(models.Model):
    """This metric, of this app, in this period (its vintage's), for this member, in this currency, is this value.

    Kept in the finest cut only: every coarser cut is a sum of it, made when two sides are compared.
    """

    # The metric in the key: a rule reads one of them, and the figures of a large day are three million.
    pk = models.CompositePrimaryKey("vintage_id", "metric", "n")
    vintage = models.ForeignKey(Vintage, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="figures")
    n = models.IntegerField()
    metric = models.TextField()
    app = models.ForeignKey(App, models.DO_NOTHING, null=True, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.DO_NOTHING, db_constraint=False, db_index=False)
    currency = models.TextField(default="", help_text="ISO code; empty for counts")
    value = AmountField()

    class Meta:
        ordering: ClassVar[tuple[str, ...]] = ("vintage_id", "metric", "n")

    def __str__(self) -> str:
        return f"{self.metric} {self.value} {self.currency}".strip()
