from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from reports.files.errors import BadFile
from reports.models import Account, Delivery
from reports.sync.fiscal import FiscalPeriod, fiscal_month


@dataclass(frozen=True)
class ImportOptions:
    """What a person says about an export; everything left out is read from the file."""

    account: Account | None = None
    app_apple_id: int | None = None
    kind: str = ""
    fiscal_month: str = ""
    period_start: date | None = None
    period_end: date | None = None
    timezone: str = ""
    currency: str = ""

    def as_json(self) -> dict[str, str]:
        """Kept with the delivery, so that it can be read again in the same way."""
        values = asdict(self) | {"account": self.account.pk if self.account else None}
        return {name: str(value) for name, value in values.items() if value}

    @classmethod
    def of(cls, delivery: Delivery) -> ImportOptions:
        kept: dict[str, Any] = dict(delivery.options)
        for name in ("period_start", "period_end"):
            if name in kept:
                kept[name] = date.fromisoformat(kept[name])
        if "app_apple_id" in kept:
            kept["app_apple_id"] = int(kept["app_apple_id"])
        kept["account"] = delivery.account
        return cls(**kept)

    def fiscal_period(self, named: str | None, *, file: str) -> tuple[date, date]:
        """The days of the fiscal month: of the option, else of the file's own title."""
        if self.period_start and self.period_end:
            return self.period_start, self.period_end
        name = self.fiscal_month or named
        if not name:
            raise BadFile(
                file=file,
                seen="a payments table that names no month",
                do="say which fiscal month it is (--fiscal-month YYYY-MM)",
            )
        if self.fiscal_month and named and named != self.fiscal_month:
            raise BadFile(
                file=file,
                seen=f"fiscal month {named} in its title, although {self.fiscal_month} was given",
                do="correct the fiscal month or leave it out",
            )
        month = known_fiscal_month(name)
        if month is None:
            raise BadFile(
                file=file,
                seen=f"fiscal month {name}, whose days are not known",
                do="load a finance report of that month first, or give its days (--from, --to)",
            )
        return month.start, month.end


def known_fiscal_month(name: str) -> FiscalPeriod | None:
    """The fiscal month called `YYYY-MM`; None where its days are not known."""
    year, _, month = name.partition("-")
    return fiscal_month(int(year), int(month)) if year.isdigit() and month.isdigit() else None
