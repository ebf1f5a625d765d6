"""One run: every rule over a period, then the detectors; findings updated in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import models, transaction
from django.db.models import Max, Min

from ascrecon import clock
from reports.detect import detectors
from reports.figures.vintages import COUNTING
from reports.findings.found import Found
from reports.findings.store import Outcome, as_seen, report_findings
from reports.locks import advisory_lock
from reports.models import Cause, Finding, FindingDay, FindingState, Kind, Rule, Run, RunLine, Vintage
from reports.reconcile.band import explain_privacy, is_banded
from reports.reconcile.build import Names, build_findings
from reports.reconcile.carried import Look, look_of, whole_look
from reports.reconcile.causes import Evidence, find_causes, find_zone_shifts, vintages_of
from reports.reconcile.compare import Export, Scope, compare, export_of, exported
from reports.reconcile.delivered import Expectation
from reports.reconcile.lines import Counts, Line, count_lines, differing_lines
from reports.reconcile.missing_rows import split_lost_rows

Slot = tuple[int, int | None, date]
Progress = Callable[[int, int, str], None]
LONGEST_RUN = timedelta(days=1)


@dataclass
class RunResult:
    """What one run compared. `differing` is by rule: the account, app and period of each line that differs."""

    run: Run
    by_rule: list[dict[str, object]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    differing: dict[str, set[Slot]] = field(default_factory=dict)
    lines: int = 0

    @property
    def findings(self) -> list[Finding]:
        found = [finding for outcome in self.outcomes for finding in outcome.current]
        return sorted(found, key=lambda f: (f.from_day, f.public_id))


def no_progress(done: int, total: int, step: str) -> None:
    """For callers that show none."""


def reconcile(scope: Scope | None = None, *, requested_by: str = "", progress: Progress = no_progress) -> RunResult:
    """Compare both sides by every enabled rule and look for missing values; findings are stored as it goes.

    `scope` None means everything that was exported from the console. A look at a past day (`scope.as_of`) is recorded
    as a run and changes no finding. Two runs at once take turns, rule by rule.
    """
    scope = scope or everything()
    _give_up_cut_runs(scope)
    result = RunResult(_begun(scope, requested_by))
    try:
        _run(result, scope, progress)
    except BaseException:  # noqa: BLE001 - the run must not stay "running" when its process is stopped; raised again
        Run.objects.filter(pk=result.run.pk).update(state=Run.State.FAILED, finished_at=clock.now())
        raise
    _finish(result)
    return result


@transaction.atomic
def _begun(scope: Scope, requested_by: str) -> Run:
    """What counts before the moment that it notes is committed, so that it reads it."""
    advisory_lock(COUNTING)
    return Run.objects.create(
        account=scope.account,
        app=scope.app,
        period_start=scope.start,
        period_end=scope.end,
        as_of=scope.as_of.date() if scope.as_of else None,
        started_at=clock.now(),
        requested_by=requested_by,
    )


def _give_up_cut_runs(scope: Scope) -> None:
    """A run whose process was killed could not say so. If it lives after all, it says later that it is done."""
    same = models.Q(
        account=scope.account,
        app=scope.app,
        period_start=scope.start,
        period_end=scope.end,
        as_of=scope.as_of.date() if scope.as_of else None,
    )
    given_up = same | models.Q(started_at__lt=clock.now() - LONGEST_RUN)
    words = "Its process ended before it was done. Its findings are kept; a later run compares the same days."
    Run.objects.filter(given_up, state=Run.State.RUNNING).update(
        state=Run.State.FAILED, finished_at=clock.now(), message=words
    )


def everything() -> Scope:
    """From the first to the last day that any delivery tells."""
    ends = Vintage.objects.filter(current=True).aggregate(start=Min("period_start"), end=Max("period_end"))
    today = clock.today("UTC")
    return Scope(ends["start"] or today, ends["end"] or today)


def _run(result: RunResult, scope: Scope, progress: Progress) -> None:
    names, exports = Names(), exported()
    rules = _with_work(exports)
    for n, rule in enumerate(rules):
        progress(n, len(rules) + 1, rule.title)
        with transaction.atomic():
            advisory_lock("reconcile", rule.pk)
            if _reads(rule, exports):
                _run_rule(rule, scope, result, names)
            else:
                _store(rule, whole_look(scope, _detector(rule)), [], result)
    progress(len(rules), len(rules) + 1, "Missing sales values, totals, deliveries")
    if scope.as_of is None:
        result.outcomes += detectors.run_all(scope.start, scope.end, scope.account, scope.app, result.run)


def _with_work(exports: set[Export]) -> list[Rule]:
    """Those that have an export to read, or had one and told findings that are to be closed. Most have neither."""
    told = set(Finding.objects.exclude(state=FindingState.CLOSED).values_list("detector", flat=True).distinct())
    rules = Rule.objects.order_by("covers", "key")
    return [rule for rule in rules if _reads(rule, exports) or _detector(rule) in told]


def _reads(rule: Rule, exports: set[Export]) -> bool:
    """Whether there is anything for the rule to compare."""
    return rule.enabled and export_of(rule) in exports


def _finish(result: RunResult) -> None:
    run = result.run
    run.by_rule = result.by_rule
    for name in ("compared", "equal", "within_tolerance"):
        setattr(run, name, sum(int(str(entry[name])) for entry in result.by_rule))
    run.state, run.finished_at = Run.State.DONE, clock.now()
    run.save()


def _run_rule(rule: Rule, scope: Scope, result: RunResult, names: Names) -> None:
    look = look_of(rule, scope, _detector(rule))
    left_out = compare(rule, look.scope)
    counts = count_lines(rule)
    differing = list(differing_lines(rule))
    expectation = Expectation.of(rule, differing)
    told = [line for line in differing if expectation.is_missing(line)]
    result.differing[rule.key] = {_slot(line) for line in told}
    covered = result.differing.get(rule.covers, set()) | _stored_slots(rule, look.scope)
    evidence = Evidence(rule, clock.today(rule.timezone), [line for line in told if _slot(line) not in covered])
    lines, shifted = _explained(evidence)
    untold = len(differing) - len(told)
    summary = _summary(rule, counts, untold=untold, left_out=left_out, shifted=shifted, first_line=result.lines)
    result.by_rule.append(summary)
    vintages = evidence.vintages | vintages_of(look.lines)
    found = build_findings(rule, [*lines, *look.lines], names, vintages)
    _store(rule, look, found, result)
    _keep_lines(rule, lines, result)


def _slot(line: Line) -> Slot:
    return (line.account_id, line.app_id, line.period_start)


def _explained(evidence: Evidence) -> tuple[list[Line], int]:
    """The lines with their causes, and how many were left out because zones or privacy explain them in whole."""
    lines: Sequence[Line] = evidence.lines
    if _tells_rows(evidence.rule) and Cause.POSITIVE_ROWS_MISSING in evidence.rule.causes:
        lines = split_lost_rows(lines, evidence)
    rest = [line for line in lines if line.kind is None]
    find_causes(rest, evidence)
    find_zone_shifts(rest, evidence)
    if is_banded(evidence.rule):
        explain_privacy(evidence.rule, rest)
    kept = [line for line in lines if not _is_expected(line, evidence.rule)]
    return kept, len(lines) - len(kept)


def _tells_rows(rule: Rule) -> bool:
    """Whether both sides are sales reports, row by row, and the lines of the rule are whole apps."""
    return rule.console_kind == Kind.R and rule.cut == Rule.Cut.APP


def _is_expected(line: Line, rule: Rule) -> bool:
    """Days of two named zones differ around midnight, and Detailed reports hide few people: nothing is to be done."""
    if line.cause == Cause.PRIVACY_THRESHOLD:
        return True
    return line.cause == Cause.TIMEZONE_SHIFT and line.timezone != rule.timezone


def _summary(
    rule: Rule, counts: Counts, *, first_line: int, untold: int = 0, left_out: int = 0, shifted: int = 0
) -> dict[str, object]:
    return {
        "rule": rule.key,
        "metric": rule.console_metric,
        "compared": counts.compared - untold,
        "equal": counts.equal + counts.second_reading,
        "second_reading": counts.second_reading,
        "reading": _reading(rule, counts),
        "within_tolerance": counts.within_tolerance + shifted,
        "not_compared": untold + left_out,
        "confirmed": rule.confirmed,
        "first_line": first_line,
    }


def _reading(rule: Rule, counts: Counts) -> str:
    """Which reading of Apple's definition held, where the rule knows two."""
    if rule.alternative_filter is None:
        return ""
    first, second = (_rows_counted(f) for f in (rule.api_filter, rule.alternative_filter))
    return f"{counts.equal} equal with {first}, {counts.second_reading} more with {second}"


def _rows_counted(patterns: dict[str, list[str]]) -> str:
    return " and ".join(f"{name} {', '.join(values)}" for name, values in patterns.items()) or "all rows"


def _stored_slots(rule: Rule, scope: Scope) -> set[Slot]:
    """What the rule that `rule` adds nothing to has found, also on days that this run did not compare by it."""
    if not rule.covers or scope.as_of is not None:
        return set()
    days = FindingDay.objects.filter(
        finding__detector=f"rule:{rule.covers}", period_start__gte=scope.start, period_start__lte=scope.end
    ).exclude(finding__state=FindingState.CLOSED)
    return set(days.values_list("finding__account", "finding__app", "period_start"))


def _detector(rule: Rule) -> str:
    return f"rule:{rule.key}"


def _store(rule: Rule, look: Look, found: Iterable[Found], result: RunResult) -> None:
    scope = look.scope
    if scope.as_of is not None:
        result.outcomes.append(as_seen(found, detector=_detector(rule), at=clock.now()))
        return
    outcome = report_findings(
        found,
        detector=_detector(rule),
        account=scope.account,
        app=scope.app,
        window=(scope.start, scope.end),
        at=clock.now(),
        run=result.run,
        reaching_in=look.findings,
    )
    result.outcomes.append(outcome)


def _keep_lines(rule: Rule, lines: Sequence[Line], result: RunResult) -> None:
    """The differing lines stay with the run, each with the finding that it belongs to."""
    mine = result.outcomes[-1].current if result.outcomes else []
    by_key: dict[object, Finding] = {
        (f.kind, f.account_id, f.vendor_id, f.app_id, f.cut, f.member, f.currency, day): f
        for f in mine
        if f.pk
        for day in _days(f)
    }
    RunLine.objects.bulk_create(
        (
            RunLine(
                run=result.run,
                n=result.lines + n,
                rule=rule,
                period_start=line.period_start,
                period_end=line.period_end,
                app_id=line.app_id,
                member=line.member,
                currency=line.currency,
                api_value=line.api_value,
                console_value=line.console_value,
                difference=line.difference,
                explained=line.explained,
                kind=line.kind or "",
                cause=line.cause,
                finding=by_key.get(
                    (
                        line.kind,
                        line.account_id,
                        line.vendor_id,
                        line.app_id,
                        line.cut or rule.cut,
                        line.place,
                        line.currency,
                        line.period_start,
                    )
                ),
            )
            for n, line in enumerate(lines)
        ),
        batch_size=2000,
    )
    result.lines += len(lines)


def _days(finding: Finding) -> Iterable[date]:
    return (finding.from_day + timedelta(days=n) for n in range((finding.to_day - finding.from_day).days + 1))
