"""The Payments and Financial Reports summary (`financial_report.csv`) in its four layouts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ascrecon.simulator.faults import EarnedDiffers
from ascrecon.simulator.finance import FinanceRow, month_rows
from ascrecon.simulator.fiscal import FiscalMonth
from ascrecon.simulator.regions import REGIONS, ZERO_DECIMALS, Region, money
from ascrecon.simulator.truth import Truth

# Layout: header names in Apple's order, then the cells in the title, blank and total lines.
LAYOUTS = {
    "settled": (
        "Country or Region (Currency),Units Sold,Earned,Pre-Tax Subtotal,Input Tax,Adjustments,"
        "Withholding Tax,Total Owed,Exchange Rate,Proceeds,Bank Account Currency",
        13,
    ),
    "settled_balance": (
        "Country or Region (Currency),Units Sold,Balance,Earned,Pre-Tax Subtotal,Input Tax,Adjustments,"
        "Withholding Tax,Total Owed,Exchange Rate,Proceeds,Bank Account Currency",
        13,
    ),
    "pending": (
        "Country or Region (Currency),Units Sold,Earned,Input Tax,Adjustments,Withholding Tax,"
        "Total Owed,Proceeds,Bank Account Currency",
        10,
    ),
    "pending_balance": (
        "Country or Region (Currency),Units Sold,Balance,Earned,Input Tax,Adjustments,Withholding Tax,"
        "Total Owed,Proceeds,Bank Account Currency",
        11,
    ),
}
MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
JAPANESE_WITHHOLDING = Decimal("-0.2042")
CARRIED_FORWARD = Decimal("12.50")


@dataclass(frozen=True)
class Payment:
    """One line: amounts in the region's currency, `proceeds` in the bank's."""

    region: Region
    units: int
    balance: Decimal
    earned: Decimal
    withholding: Decimal

    @property
    def subtotal(self) -> Decimal:
        return self.balance + self.earned

    @property
    def owed(self) -> Decimal:
        return self.subtotal + self.withholding

    @property
    def proceeds(self) -> Decimal:
        # By the full rate; the file shows five decimals of it, so that they do not multiply out.
        return money(self.owed * self.region.rate, "EUR")


def payment_file(truth: Truth, month: FiscalMonth, layout: str) -> bytes:
    """The summary of a fiscal month; settled layouts say where the money was paid to, pending ones do not."""
    header, cells = LAYOUTS[layout]
    payments = _payments(truth, month, layout.endswith("_balance"))
    blank = "," * (cells - 1)
    lines = [_title(month) + blank, blank, header + ","]
    lines += [_line(payment, header.split(",")) for payment in payments]
    lines += [blank, *_closing(truth, payments, header, cells, layout), blank, blank]
    return ("\n".join(lines) + "\n").encode()


def _payments(truth: Truth, month: FiscalMonth, with_balance: bool) -> list[Payment]:
    by_region: dict[str, list[FinanceRow]] = {}
    for row in month_rows(truth, month):
        by_region.setdefault(row.region, []).append(row)
    codes = [code for code in REGIONS if code in by_region]
    return [_payment(truth, month, REGIONS[code], by_region[code], with_balance and code == codes[0]) for code in codes]


def _payment(truth: Truth, month: FiscalMonth, region: Region, rows: list[FinanceRow], carried: bool) -> Payment:
    earned = sum((row.amount for row in rows), Decimal(0)) + _delta(truth, month, region)
    rate = JAPANESE_WITHHOLDING if region.code == "JP" else Decimal(0)
    return Payment(
        region=region,
        units=sum(row.quantity for row in rows),
        balance=money(CARRIED_FORWARD, region.currency) if carried else Decimal(0),
        earned=earned,
        withholding=money(earned * rate, region.currency),
    )


def _delta(truth: Truth, month: FiscalMonth, region: Region) -> Decimal:
    faults = [fault for fault in truth.scenario.faults if isinstance(fault, EarnedDiffers)]
    wanted = (month.name, region.code)
    return sum((f.delta for f in faults if (f.fiscal_month, f.region) == wanted), Decimal(0))


def _title(month: FiscalMonth) -> str:
    year, number = month.calendar_month
    return f'"iTunes Connect - Payments and Financial Reports\t({MONTH_NAMES[number - 1]}, {year})"'


def _line(payment: Payment, header: list[str]) -> str:
    currency = payment.region.currency
    cells = {
        "Units Sold": str(payment.units),
        "Balance": _text(payment.balance, currency),
        "Earned": _text(payment.earned, currency),
        "Pre-Tax Subtotal": _text(payment.subtotal, currency),
        "Input Tax": "0",
        "Adjustments": "0",
        "Withholding Tax": _text(payment.withholding, currency),
        "Total Owed": _text(payment.owed, currency),
        "Exchange Rate": f"{payment.region.rate:.5f}",
        "Proceeds": _text(payment.proceeds, "EUR"),
        "Bank Account Currency": "EUR",
    }
    label = f"{payment.region.label} ({currency})"
    quoted = [f'"{cells[name]}"' for name in header[1:]]
    return ",".join([f'"{label}"' if "," in label else label, *quoted, ""])


def _text(value: Decimal, currency: str) -> str:
    if not value:
        return "0"
    return str(money(value, currency)) if currency in ZERO_DECIMALS else f"{value:.2f}"


def _closing(truth: Truth, payments: list[Payment], header: str, cells: int, layout: str) -> list[str]:
    total = sum((payment.proceeds for payment in payments), Decimal(0))
    column = header.count(",")
    after = "," * (cells - 1 - column)
    lines = ["," * column + f'"{_text(total, "EUR")}" {truth.scenario.bank_currency}' + after]
    if layout.startswith("settled"):
        lines.append("," * column + "Paid to EXAMPLE BANK -****1299" + after)
    return lines
