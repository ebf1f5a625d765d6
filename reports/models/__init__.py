from __future__ import annotations

from reports.models.accounts import Account, App, AppName, Vendor
from reports.models.choices import (
    UNFINISHED,
    Cause,
    CellState,
    DeliveryState,
    FindingKind,
    FindingState,
    Grain,
    Kind,
    Severity,
    Side,
    Zone,
)
from reports.models.coverage import ApiProblem, CoverageCell, FiscalMonth
from reports.models.deliveries import ConsoleExport, Delivery, RawFile, ReportInstance, RowReject, Series, Vintage
from reports.models.digests import DigestSchedule, OutboxMessage
from reports.models.figures import Figure, Member, SalesFigures, StoredFigure
from reports.models.findings import Finding, FindingDay, FindingEvent, Run, RunLine
from reports.models.rows import ConsoleRow, FinanceRow, SalesRow
from reports.models.rules import Rule

__all__ = [
    "UNFINISHED",
    "Account",
    "ApiProblem",
    "App",
    "AppName",
    "Cause",
    "CellState",
    "ConsoleExport",
    "ConsoleRow",
    "CoverageCell",
    "Delivery",
    "DeliveryState",
    "DigestSchedule",
    "Figure",
    "Finding",
    "FindingDay",
    "FindingEvent",
    "FindingKind",
    "FindingState",
    "FinanceRow",
    "FiscalMonth",
    "Grain",
    "Kind",
    "Member",
    "OutboxMessage",
    "RawFile",
    "ReportInstance",
    "RowReject",
    "Rule",
    "Run",
    "RunLine",
    "SalesFigures",
    "SalesRow",
    "Series",
    "Severity",
    "Side",
    "StoredFigure",
    "Vendor",
    "Vintage",
    "Zone",
]
