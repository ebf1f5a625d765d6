from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class AmountField(models.DecimalField[Any, Any]):
    """An exact amount: `Decimal` in Python, `numeric` without a scale in PostgreSQL.

    `numeric(p, s)` would round a value with more decimals silently, also in COPY, and it accepts NaN; so the column
    has no scale (readers check the decimals before they load) and a CHECK against NaN.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 30)
        kwargs.setdefault("decimal_places", 6)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric"

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        return f"{connection.ops.quote_name(str(self.column))} <> 'NaN'"
