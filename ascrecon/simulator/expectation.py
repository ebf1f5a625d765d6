"""One finding that a reader must come to, in the form of `planted.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ascrecon.simulator.regions import money

DAILY = "SALES/SUMMARY/DAILY"
FINANCIAL = "FINANCE/FINANCIAL"


@dataclass(frozen=True)
class Expectation:
    """One expected finding; amounts are console - api (re-issued: new - old) per currency, in its units.

    `at_risk`: the money at risk by currency, where the finding must tell it (None: it is not asked for).
    """

    fault: str
    kind: str
    cause: str
    report: str
    start: date
    end: date
    apple_id: int | None = None
    metric: str = ""
    cut: str = ""
    member: str = ""
    currency: str = ""
    amount: Decimal | None = None
    at_risk: Mapping[str, Decimal] | None = None

    def as_json(self) -> dict[str, object]:
        amounts = {} if self.amount is None else {self.currency: _text(self.amount, self.currency)}
        return {
            "fault": self.fault,
            "kind": self.kind,
            "cause": self.cause,
            "apple_id": self.apple_id,
            "report": self.report,
            "metric": self.metric,
            "cut": self.cut,
            "member": self.member,
            "currency": self.currency,
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "amounts": amounts,
            **({} if self.at_risk is None else {"money_at_risk": self._risk()}),
        }

    def _risk(self) -> dict[str, str]:
        return {currency: _text(value, currency) for currency, value in sorted((self.at_risk or {}).items())}


def _text(amount: Decimal, currency: str) -> str:
    return str(money(amount, currency)) if currency else str(amount)
