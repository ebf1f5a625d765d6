"""The product's answer to a file, through its commands into a real database, held against the plain reader's."""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from reports.models import ConsoleRow, Delivery, Figure, FinanceRow, SalesRow
from tests.doors import ask
from tests.reading.plain import ANY_DAY, CannotTell, Reading, Values, fold, plain_reading

MEGABYTE = 1 << 20
#: The process may take 300 MB; before it reads a file the commands, Django and pyarrow take up to 190 of them.
MOST_MEMORY, MOST_SECONDS = 110 * MEGABYTE, 10
REJECTS_LISTED = 1000


@dataclass
class Answer:
    """What the product made of a file: a refusal, or the figures, the lines behind them, and what it said."""

    refused: dict[str, Any] | None = None
    figures: Values = field(default_factory=dict)
    accepted: set[int] = field(default_factory=set)
    rejected: set[int] = field(default_factory=set)
    rejections: int = 0
    untied: int = 0
    warnings: set[str] = field(default_factory=set)
    state: str = ""
    conserved: bool = True
    seconds: float = 0
    memory: int = 0


@dataclass(frozen=True)
class Verdict:
    """`outcome`: equal, told, rejected or refused; `defect` is empty where all is well.

    Told are equal figures of a file with a total or a date that does not tie, which was said.
    """

    outcome: str
    defect: str = ""


def answer_of(command: str, path: Path, *options: str) -> Answer:
    """Run the command within a transaction that is rolled back; its figures are read before."""
    forget_peak()
    before, started = memory_peak(), time.process_time()
    with transaction.atomic():
        reply = ask(command, path, *options)
        seconds, memory = time.process_time() - started, memory_peak() - before
        answer = _refusal(reply.document, reply.said) if reply.code else _read_back(reply.document)
        transaction.set_rollback(True)
    answer.seconds, answer.memory = seconds, memory
    return answer


def _refusal(document: Any, said: str) -> Answer:
    error = document["error"]
    complete = bool(error["seen"] and error["do"] and error["file"] and said.strip())
    return Answer(refused=error | {"complete": complete})


def _read_back(documents: list[dict[str, Any]]) -> Answer:
    answer = Answer()
    for document in documents:
        delivery = Delivery.objects.filter(file_name=document["file"]).latest("pk")
        answer.rejections += document["rows_rejected"]
        answer.rejected |= {reject["line"] for reject in document["rejections"]}
        answer.untied += sum(not tie["tied"] for tie in document["ties"])
        answer.warnings |= set(document["warnings"])
        answer.state = document["state"]
        answer.conserved &= document["rows_read"] == document["rows_accepted"] + document["rows_rejected"]
        _read_rows(delivery, answer)
        _read_figures(delivery, answer)
    return answer


def _read_rows(delivery: Delivery, answer: Answer) -> None:
    for model in (SalesRow, FinanceRow, ConsoleRow):
        rows = model.objects.of(delivery)
        lines = {row_id & 0xFFFFFFFF for row_id in rows.order_by().values_list("pk", flat=True)}
        answer.accepted |= lines


def _read_figures(delivery: Delivery, answer: Answer) -> None:
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    fields = (
        "metric",
        "member__dims",
        "app__name",
        "currency",
        "vintage__period_start",
        "vintage__period_end",
        "value",
    )
    for metric, dims, app, currency, start, end, value in (
        Figure.objects.filter(vintage__delivery=delivery).order_by().values_list(*fields)
    ):
        if metric != "rows":
            sums[_key(delivery.kind, metric, dims, app, currency, str(start), str(end))] += value
    answer.figures = dict(sums)


def _key(
    kind: str, metric: str, dims: dict[str, str], app: str, currency: str, start: str, end: str
) -> tuple[str, ...]:
    if kind in ("A1", "A2"):
        # A column is called by its member, whatever dimension the product takes it for.
        member = next((text for name, text in dims.items() if name != "currency"), "")
        return (fold(f"{member} {metric}"), fold(app), start, "")
    if kind == "P":
        return (metric, _month(start, end), currency)
    return (metric, dims["product"], start, end, currency)


MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def _month(start: str, end: str) -> str:
    """A fiscal month is called by the calendar month that its second week lies in, seen in all of Apple's tables."""
    year, month, day = map(int, start.split("-"))
    later = month % 12 if day > 20 else month - 1
    return f"{year + (day > 20 and month == 12)} {MONTHS[later]}"


def judge(family: str, data: bytes, answer: Answer, usual_warnings: set[str]) -> Verdict:
    """The plain reader's word on the bytes against the product's."""
    outcome = "refused" if answer.refused else "rejected" if answer.rejections else "equal"
    try:
        reading = plain_reading(family, data)
    except CannotTell as why:
        reading, outcome_wanted = Reading(), f"cannot tell ({why})"
    else:
        outcome_wanted = ""
    defect = _limits(answer) or _compare(answer, reading, outcome_wanted)
    if not defect and outcome == "equal" and reading.untied:
        outcome = "told"
        said = answer.untied or answer.warnings - usual_warnings
        defect = "" if said else f"not noticed: {', '.join(reading.untied[:3])}"
    return Verdict(outcome, defect)


def _limits(answer: Answer) -> str:
    if answer.seconds > MOST_SECONDS:
        return f"{answer.seconds:.1f} seconds of computing"
    return f"{answer.memory // MEGABYTE} MB of memory" if answer.memory > MOST_MEMORY else ""


def _compare(answer: Answer, reading: Reading, cannot_tell: str) -> str:
    if answer.refused is not None:
        return "" if answer.refused["complete"] else f"a refusal without file, sight or advice: {answer.refused}"
    if not answer.conserved:
        return "rows read are not rows accepted and rejected"
    if cannot_tell:
        return (
            "" if answer.rejections and not answer.accepted else f"read a file of which the plain reader {cannot_tell}"
        )
    return _compare_lines(answer, reading) or _compare_figures(answer, reading)


def _compare_lines(answer: Answer, reading: Reading) -> str:
    listed = answer.rejections <= REJECTS_LISTED
    for line, values in sorted(reading.lines.items()):
        if line in answer.accepted and values is None:
            return f"line {line} was counted, although it cannot be told"
        if listed and line not in answer.accepted | answer.rejected:
            return f"line {line} is neither counted nor rejected"
    unknown = answer.accepted - set(reading.lines)
    return f"lines {sorted(unknown)[:5]} were counted that the plain reader has no row in" if unknown else ""


def _compare_figures(answer: Answer, reading: Reading) -> str:
    expected: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    counts = answer.state == "loaded"
    for line in answer.accepted if counts else ():
        for key, value in (reading.lines[line] or {}).items():
            expected[key] += value
    found = answer.figures
    if reading.any_day:
        expected, found = _without_days(expected), _without_days(found)
    differing = [k for k in {*expected, *found} if expected.get(k, Decimal(0)) != found.get(k, Decimal(0))]
    if not differing:
        return ""
    key = min(differing)
    return f"{len(differing)} figures differ, {key}: {found.get(key)} instead of {expected.get(key)}"


def _without_days(values: Values) -> dict[tuple[str, ...], Decimal]:
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for key, value in values.items():
        sums[tuple(part for part in key if not _is_iso(part))] += value
    return sums


def _is_iso(part: str) -> bool:
    return part == str(ANY_DAY) or (len(part) == 10 and part[4] == part[7] == "-")


def forget_peak() -> None:
    """Let the process's highest memory so far count no more. Linux can; elsewhere it only rises."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")


def memory_peak() -> int:
    """The highest memory of this process, in bytes."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    line = next((line for line in lines if line.startswith("VmHWM")), "")
    return int(line.split()[1]) * 1024 if line else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
