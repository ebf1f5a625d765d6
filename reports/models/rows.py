"""Typed rows of delivered files, loaded by COPY.

Row identity is the file and the line, never a hash of values: honest duplicates exist. Both are in one number,
`id = delivery_id << 32 | line`, so that a row table has a single index, the rows of a file are one range of it, and the
admin can open a row by its key. There is no foreign key: its trigger would fire once per row of a COPY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from reports.models.fields import AmountField

if TYPE_CHECKING:
    from reports.models.deliveries import Delivery

LINE_BITS = 32


class RowQuerySet(models.QuerySet[models.Model]):
    def of(self, delivery: Delivery) -> Self:
        """The rows of one file, by the range of their key."""
        return self.filter(id__gte=delivery.first_row_id, id__lte=delivery.last_row_id)


class FileRow(models.Model):
    id = models.BigIntegerField(primary_key=True)

    objects = RowQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"line {self.line}"

    @property
    def delivery_id(self) -> int:
        return self.id >> LINE_BITS

    @property
    def line(self) -> int:
        return self.id & ((1 << LINE_BITS) - 1)


class SalesRow(FileRow):
    """A row of a Sales and Trends Summary report. `developer_proceeds` and `customer_price` are per unit.

    Refunds: units and customer price negative, proceeds positive (Apple, Summary Sales Report field list).
    """

    day = models.DateField(null=True)
    end_day = models.DateField(null=True)
    provider = models.TextField(default="")
    provider_country = models.TextField(default="")
    sku = models.TextField("SKU", default="")
    developer = models.TextField(default="")
    title = models.TextField(default="")
    version = models.TextField(default="")
    product_type = models.TextField("product type identifier", default="")
    units = AmountField()
    developer_proceeds = AmountField("developer proceeds per unit", null=True)
    customer_currency = models.TextField(default="")
    country = models.TextField("country code", default="")
    proceeds_currency = models.TextField("currency of proceeds", default="")
    apple_id = models.BigIntegerField("Apple identifier", null=True)
    customer_price = AmountField("customer price per unit", null=True)
    promo_code = models.TextField(default="")
    parent_identifier = models.TextField(default="")
    subscription = models.TextField(default="")
    period = models.TextField(default="")
    category = models.TextField(default="")
    cmb = models.TextField("CMB", default="")
    device = models.TextField(default="")
    supported_platforms = models.TextField(default="")
    proceeds_reason = models.TextField(default="")
    preserved_pricing = models.TextField(default="")
    client = models.TextField(default="")
    order_type = models.TextField(default="")
    extra = models.JSONField("further columns", null=True)

    class Meta:
        verbose_name = "sales row"
        ordering = ("-id",)


class FinanceRow(FileRow):
    """A row of a finance report: `partner_share` per unit, `extended_partner_share` the signed amount of the row."""

    start_day = models.DateField(null=True)
    end_day = models.DateField(null=True)
    transaction_day = models.DateField(null=True)
    settlement_day = models.DateField(null=True)
    sku = models.TextField("vendor identifier (SKU)", default="")
    quantity = AmountField()
    partner_share = AmountField("partner share per unit", null=True)
    extended_partner_share = AmountField()
    currency = models.TextField("partner share currency", default="")
    sales_or_return = models.TextField("sale or return", default="")
    apple_id = models.BigIntegerField("Apple identifier", null=True)
    developer = models.TextField(default="")
    title = models.TextField(default="")
    product_type = models.TextField("product type identifier", default="")
    country = models.TextField("country of sale", default="")
    preorder_flag = models.TextField("pre-order flag", default="")
    promo_code = models.TextField(default="")
    customer_price = AmountField("customer price per unit", null=True)
    customer_currency = models.TextField(default="")
    order_type = models.TextField(default="")
    province = models.TextField(default="")
    extra = models.JSONField("further columns", null=True)

    class Meta:
        verbose_name = "finance row"
        ordering = ("-id",)


class ConsoleRow(FileRow):
    """A line of an App Analytics or Payments export, its cells as they were seen."""

    label = models.TextField(default="")
    cells = models.JSONField(default=dict, help_text="column name to the text of the cell")

    class Meta:
        verbose_name = "console row"
        ordering = ("-id",)
