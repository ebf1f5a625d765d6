"""The start page: which days can I not trust, how much money is it, and whom do I ask."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection
from django.db.models import Case, Count, F, IntegerField, Max, Min, Q, Value, When

from ascrecon import clock
from ascrecon.jobs.models import Job
from reports.models import (
    Account,
    CellState,
    ConsoleExport,
    CoverageCell,
    DeliveryState,
    DigestSchedule,
    Finding,
    Grain,
    OutboxMessage,
    Run,
    Severity,
)
from reports.models.choices import UNFINISHED
from reports.selectors.whom import whom_to_ask

FINDINGS_SHOWN = 12
UNKNOWN_STATES = (CellState.OPEN, CellState.OVERDUE, CellState.BLOCKED)
KNOWN_STATES = (CellState.FINAL, CellState.EMPTY)

_MONEY_AT_RISK = """
    SELECT f.severity, m.key, SUM(m.value::numeric)
    FROM reports_finding f CROSS JOIN LATERAL jsonb_each_text(f.money_at_risk) m
    WHERE f.state = ANY(%s)
    GROUP BY f.severity, m.key
    ORDER BY m.key
"""


@dataclass
class SeverityLine:
    severity: Severity
    count: int = 0
    money: list[tuple[str, Decimal]] = field(default_factory=list)


@dataclass(frozen=True)
class CompleteLine:
    """How far one report of one account is known without a gap; `complete_to` None: not one period yet."""

    account_id: int
    account: str
    report: str
    grain: str
    complete_to: date | None
    overdue: int
    blocked: int
    lost: int


@dataclass(frozen=True)
class UrgentFinding:
    finding: Finding
    ask: str


@dataclass(frozen=True)
class Worklist:
    as_of: datetime
    severities: list[SeverityLine]
    urgent: list[UrgentFinding]
    mine: int
    complete: list[CompleteLine]
    jobs: dict[str, int]
    uploads: dict[str, int]
    digest: DigestSchedule | None
    refused_mails: int
    accounts: int
    exports: int
    last_run: Run | None

    @property
    def unfinished(self) -> int:
        return sum(line.count for line in self.severities)

    @property
    def overdue(self) -> int:
        return sum(line.overdue for line in self.complete)

    @property
    def blocked(self) -> int:
        return sum(line.blocked for line in self.complete)


def worklist(user: AbstractBaseUser | AnonymousUser) -> Worklist:
    """About a dozen statements, whatever the number of rows; none of them touches the row tables."""
    uploads = _counts(ConsoleExport.objects.filter(side="console").values_list("state").annotate(n=Count("pk")))
    return Worklist(
        as_of=clock.now(),
        severities=severity_lines(),
        urgent=[UrgentFinding(finding, whom_to_ask(finding)) for finding in _urgent()],
        mine=Finding.objects.filter(Finding.UNFINISHED, assignee_id=user.pk).count(),
        complete=complete_lines(),
        jobs=_counts(Job.objects.values_list("state").annotate(n=Count("pk"))),
        uploads=uploads,
        digest=DigestSchedule.objects.order_by(F("last_digest_at").desc(nulls_last=True)).first(),
        refused_mails=OutboxMessage.objects.filter(state=OutboxMessage.State.REFUSED).count(),
        accounts=Account.objects.filter(provisional=False).count(),
        exports=uploads.get(DeliveryState.LOADED, 0),
        last_run=Run.objects.first(),
    )


def severity_lines() -> list[SeverityLine]:
    """Unfinished findings by severity, the gravest first, with the money at risk of each currency on its own."""
    counts = _counts(
        Finding.objects.filter(Finding.UNFINISHED).order_by().values_list("severity").annotate(n=Count("pk"))
    )
    money: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_MONEY_AT_RISK, [[state.value for state in UNFINISHED]])
        for severity, currency, amount in cursor.fetchall():
            money[severity].append((currency, amount))
    return [SeverityLine(severity, counts.get(severity, 0), money[severity]) for severity in reversed(Severity)]


def complete_lines() -> list[CompleteLine]:
    cells = (
        CoverageCell.objects.order_by("account__name", "report")
        .values("account_id", "account__name", "report", "granularity")
        .annotate(
            first=Min("date"),
            gap=Min("date", filter=Q(state__in=UNKNOWN_STATES)),
            known=Max("period_end", filter=Q(state__in=KNOWN_STATES)),
            overdue=Count("pk", filter=Q(state=CellState.OVERDUE)),
            blocked=Count("pk", filter=Q(state=CellState.BLOCKED)),
            lost=Count("pk", filter=Q(state=CellState.LOST)),
        )
    )
    return [
        CompleteLine(
            account_id=cell["account_id"],
            account=cell["account__name"],
            report=cell["report"],
            grain=Grain(cell["granularity"]).label,
            complete_to=_complete_to(cell["first"], cell["gap"], cell["known"]),
            overdue=cell["overdue"],
            blocked=cell["blocked"],
            lost=cell["lost"],
        )
        for cell in cells
    ]


def _complete_to(first: date, gap: date | None, known: date | None) -> date | None:
    """The day before the first period that is not known; later deliveries do not make up for a gap."""
    if gap is None:
        return known
    return gap - timedelta(days=1) if gap > first else None


def _urgent() -> list[Finding]:
    rank = Case(*(When(severity=s, then=Value(s.rank)) for s in Severity), output_field=IntegerField())
    findings = Finding.objects.filter(Finding.UNFINISHED).select_related("app", "account", "assignee")
    return list(findings.order_by(rank.desc(), "-from_day", "pk")[:FINDINGS_SHOWN])


def _counts(rows: object) -> dict[str, int]:
    return dict(rows)  # type: ignore[call-overload,no-any-return]  # rows of (state, number)
