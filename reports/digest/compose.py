"""What a digest says. It reads findings and coverage and changes nothing."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from reports.coverage.overview import Complete, completeness
from reports.models import Account, Finding, FindingEvent, FindingKind, Severity
from reports.models.choices import UNFINISHED
from reports.selectors.problems import Problem, money_of, problems_of
from reports.wording import amount, counted, listed, span

#: A mail that nobody reads to its end helps nobody: the rest is counted, behind links.
MOST_IN_FULL = 10
MOST_LETTERS = 200
SECTIONS = {"new": "New", "changed": "Changed", "reopened": "Reopened", "closed": "Closed by the data"}
#: What the list of findings is to be narrowed to, where they are no work any more.
STATES = {"closed": "&state=closed"}
ACTIONS = {"opened": "new", "changed": "changed", "reopened": "reopened", "closed": "closed"}


@dataclass(frozen=True)
class Digest:
    """The text and its facts. `since` None: nothing was sent before, so everything open is new."""

    subject: str
    body: str
    since: datetime | None
    until: datetime
    counts: dict[str, int] = field(default_factory=dict)


def compose(account: Account | None, minimum: Severity, since: datetime | None, until: datetime) -> Digest:
    """The digest of what happened after `since` up to `until` (aware), for one account or all of them."""
    findings = _findings(account, minimum, since, until)
    sections = _sections(findings, since, until)
    still_open = [finding for finding in findings if finding.state in UNFINISHED]
    accounts = [account] if account else list(Account.objects.all())
    complete = completeness(accounts)
    counts = {name: len(found) for name, found in sections.items()}
    lines = [*_complete_lines(complete), "", *_open_lines(still_open)]
    room = MOST_IN_FULL
    for name, found in sections.items():
        problems = problems_of(found)
        lines += _section_lines(name, problems, room)
        room -= min(room, len(problems))
    lines += ["", f"All findings: {_link(reverse('admin:reports_finding_changelist'))}"]
    return Digest(_subject(counts, complete), "\n".join(lines) + "\n", since, until, counts)


def one_line(text: str) -> str:
    """Text from files made safe for a mail: no line breaks or other control characters, not endless."""
    clean = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    clean = " ".join(clean.split())
    return clean if len(clean) <= MOST_LETTERS else clean[: MOST_LETTERS - 1] + "…"


def _findings(account: Account | None, minimum: Severity, since: datetime | None, until: datetime) -> list[Finding]:
    """What is open, and what the data did something to since the last digest. Old ones that are closed are no news."""
    severe = [severity for severity in Severity if severity.rank >= minimum.rank]
    told = Q(state__in=UNFINISHED)
    if since is not None:
        told |= Q(Exists(_events(since, until).filter(finding=OuterRef("pk"))))
    findings = Finding.objects.filter(told, severity__in=severe).select_related("account", "app")
    if account is not None:
        findings = findings.filter(account=account)
    worst_first = sorted(findings, key=lambda f: (-Severity(f.severity).rank, f.from_day, f.public_id))
    return worst_first


def _sections(findings: Sequence[Finding], since: datetime | None, until: datetime) -> dict[str, list[Finding]]:
    """Each finding once, under what became of it: new ones under new although they changed since."""
    if since is None:
        fresh = [finding for finding in findings if finding.state in UNFINISHED]
        return {"new": fresh, "changed": [], "reopened": [], "closed": []}
    happened = _happened(findings, since, until)
    sections: dict[str, list[Finding]] = {name: [] for name in SECTIONS}
    for finding in findings:
        what = _outcome(happened[finding.pk])
        if what:
            sections[what].append(finding)
    return sections


def _happened(findings: Iterable[Finding], since: datetime, until: datetime) -> dict[int, list[str]]:
    """What was done to each finding by the data, oldest first; what people did is no news to them."""
    events = _events(since, until).filter(finding__in=findings).order_by("at", "id")
    happened: dict[int, list[str]] = defaultdict(list)
    for finding_id, action in events.values_list("finding_id", "action"):
        happened[finding_id].append(ACTIONS[action])
    return happened


def _events(since: datetime, until: datetime) -> QuerySet[FindingEvent]:
    return FindingEvent.objects.filter(at__gt=since, at__lte=until, action__in=ACTIONS)


def _outcome(happened: Sequence[str]) -> str:
    """Came and went between two digests: no news."""
    if not happened:
        return ""
    last = happened[-1]
    if "new" in happened:
        return "" if last == "closed" else "new"
    if last == "closed":
        return "closed"
    return "reopened" if "reopened" in happened else last


def _complete_lines(complete: Sequence[Complete]) -> list[str]:
    if not complete:
        return ["Nothing was pulled from Apple yet."]
    return ["Complete to which day", *(_complete_line(each) for each in complete)]


def _complete_line(each: Complete) -> str:
    name = one_line(f"{each.account} {each.vendor}")
    until = f"complete to {each.until}" if each.until else "not complete for any day"
    missing = [f"{number} {word}" for word, number in _missing(each) if number]
    return f"  {name}, {each.report}: {until}" + (f" ({', '.join(missing)})" if missing else "")


def _missing(each: Complete) -> list[tuple[str, int]]:
    return [("still open", each.waiting), ("overdue", each.overdue), ("blocked", each.blocked)]


def _open_lines(findings: Sequence[Finding]) -> list[str]:
    risk = _sum_at_risk(findings)
    money = f", money at risk: {risk}" if risk else ""
    return [f"Open now: {counted(len(findings), 'finding')}{money}"]


def _sum_at_risk(findings: Sequence[Finding]) -> str:
    """Sums by currency; amounts of different currencies are never added."""
    return ", ".join(amount(value, currency) for currency, value in money_of(findings).items())


def _section_lines(name: str, problems: Sequence[Problem], room: int) -> list[str]:
    """`room`: how many problems may be told in full; of the others the number of each kind."""
    if not problems:
        return []
    number = sum(len(problem.findings) for problem in problems)
    lines = ["", f"{SECTIONS[name]} ({number})"]
    for problem in problems[:room]:
        lines += _problem_lines(problem)
    return lines + _rest_lines(problems[room:], STATES.get(name, ""))


def _rest_lines(problems: Sequence[Problem], state: str) -> list[str]:
    number = Counter(problem.finding.kind for problem in problems for _ in problem.findings)
    page = reverse("admin:reports_finding_changelist")
    return [
        f"  and {count} more, {FindingKind(kind).label}: {_link(f'{page}?kind__exact={kind}{state}')}"
        for kind, count in number.most_common()
    ]


def _problem_lines(problem: Problem) -> list[str]:
    finding = problem.finding
    what = _what(problem)
    place = [span(problem.from_day, problem.to_day), str(finding.app or "")]
    told_once = [one_line(part) for part in place if one_line(part) not in what]
    head = [finding.get_severity_display().upper(), finding.get_kind_display(), *filter(None, told_once)]
    lines = [one_line(", ".join(head)), what, _money(problem), _link(_page_of(finding))]
    first, *others = filter(None, lines)
    return [f"  {first}", *(f"    {line}" for line in others)]


def _what(problem: Problem) -> str:
    """The finding's own sentence; of several currencies it would tell one only, so these are named instead."""
    finding = problem.finding
    if len(problem.findings) == 1:
        return one_line(finding.message)
    place = ", ".join(filter(None, (str(finding.app or ""), finding.member, span(problem.from_day, problem.to_day))))
    metric = finding.metric.replace("_", " ")
    return one_line(f"{place}: {metric} in {listed(problem.currencies)}. {finding.get_cause_display()}.")


def _money(problem: Problem) -> str:
    """What is at risk; an estimate has no other side, so no difference."""
    finding = problem.finding
    if risk := _sum_at_risk(problem.findings):
        return f"{'estimated at risk' if problem.is_estimate else 'at risk'} {risk}"
    if finding.difference is None or problem.is_estimate:
        return ""
    return f"difference {amount(finding.difference, finding.currency)}"


def _page_of(finding: Finding) -> str:
    return reverse("admin:reports_finding_change", args=[finding.pk])


def _subject(counts: dict[str, int], complete: Sequence[Complete]) -> str:
    news = [f"{number} {name}" for name, number in counts.items() if number]
    days = [each.until for each in complete if each.until and each.report == "SALES/SUMMARY/DAILY"]
    until = f", sales complete to {min(days)}" if days else ""
    return one_line(f"ascrecon: {', '.join(news) or 'nothing new'}{until}")


def _link(path: str) -> str:
    return f"{settings.ASCRECON_BASE_URL}{path}"
