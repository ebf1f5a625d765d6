"""The start page: which days can I not trust, how much money is it, and whom do I ask."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection
from django.db.models import Case, Count, F, IntegerField, Value, When

from ascrecon import clock
from ascrecon.jobs.models import Job
from reports.coverage.overview import Complete, ScopeKnown, completeness, known_by_scope
from reports.models import (
    Account,
    ConsoleExport,
    DeliveryState,
    DigestSchedule,
    Finding,
    FindingKind,
    OutboxMessage,
    Run,
    Severity,
)
from reports.models.choices import UNFINISHED
from reports.selectors.problems import Problem, problems_of

PROBLEMS_SHOWN = 12
MOST_OF_A_KIND = 4
FINDINGS_READ = 1000

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
class KindLine:
    """How many unfinished findings of a kind there are."""

    kind: FindingKind
    count: int


@dataclass(frozen=True)
class Worklist:
    as_of: datetime
    severities: list[SeverityLine]
    urgent: list[Problem]
    kinds: list[KindLine]
    mine: int
    complete: list[Complete]
    apps: list[ScopeKnown]
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
        urgent=urgent_problems(),
        kinds=kind_lines(),
        mine=Finding.objects.filter(Finding.UNFINISHED, assignee_id=user.pk).count(),
        complete=completeness(list(Account.objects.all())),
        apps=[line for line in known_by_scope(clock.today("UTC")) if line.app_id],
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


def kind_lines() -> list[KindLine]:
    """Unfinished findings by kind, the most first."""
    rows = Finding.objects.filter(Finding.UNFINISHED).order_by().values_list("kind").annotate(n=Count("pk"))
    lines = [KindLine(FindingKind(kind), count) for kind, count in rows]
    return sorted(lines, key=lambda line: (-line.count, line.kind))


def urgent_problems() -> list[Problem]:
    """The first of each kind, the gravest first: a week of lost sales must not hide that the key is refused."""
    rank = Case(*(When(severity=s, then=Value(s.rank)) for s in Severity), output_field=IntegerField())
    findings = Finding.objects.filter(Finding.UNFINISHED).select_related("app", "account", "assignee")
    gravest = findings.defer("evidence").order_by(rank.desc(), "-to_day", "pk")[:FINDINGS_READ]
    shown: Counter[str] = Counter()
    urgent = []
    for problem in problems_of(gravest):
        shown[problem.finding.kind] += 1
        if shown[problem.finding.kind] <= MOST_OF_A_KIND:
            urgent.append(problem)
    return urgent[:PROBLEMS_SHOWN]


def _counts(rows: object) -> dict[str, int]:
    return dict(rows)  # type: ignore[call-overload,no-any-return]  # rows of (state, number)
