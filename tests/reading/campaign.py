"""A campaign: random valid files, each mutated, read by the product and by the plain reader; a table."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.reading.judge import MEGABYTE, Answer, Verdict, answer_of, judge
from tests.reading.mutate import ALL_KINDS, Mutant, mutated
from tests.reading.valid_files import MAKERS, ValidFile

OUTCOMES = ("equal", "told", "rejected", "refused")


@dataclass(frozen=True)
class Trial:
    """One mutation: everything follows from its seed."""

    seed: str
    file: ValidFile
    mutation: str
    mutant: Mutant

    @classmethod
    def of(cls, seed: str) -> Trial:
        rng = Random(seed)  # noqa: S311  (reproducible, not secret)
        file = MAKERS[rng.choice(sorted(MAKERS))](rng)
        mutation = rng.choice(ALL_KINDS)
        return cls(seed, file, mutation, mutated(mutation, file.data, file.name, file.delimiter, rng))

    @property
    def told(self) -> str:
        return f"{self.file.kind}, {self.mutation}: {self.mutant.what} (replay: python -m tests.reading '{self.seed}')"


@dataclass
class Report:
    """Counts of outcomes by kind of file and kind of mutation, and the defects."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)
    memory: int = 0
    seconds: float = 0

    def add(self, trial: Trial, answer: Answer, verdict: Verdict) -> None:
        self.memory, self.seconds = max(self.memory, answer.memory), max(self.seconds, answer.seconds)
        self.counts[trial.file.kind, trial.mutation, verdict.outcome] += 1
        if verdict.defect:
            self.defects.append(f"{verdict.defect}\n    {trial.told}")

    def table(self) -> list[str]:
        """Per kind of file, then per kind of mutation: tried, and what came of it."""
        head = f"{'':24}{'tried':>8}" + "".join(f"{name:>10}" for name in OUTCOMES)
        lines = [head]
        for place in (0, 1):
            for name in sorted({key[place] for key in self.counts}):
                lines.append(self._line(name, place))
            lines.append("")
        lines[-1] = self._line("all", None)
        return lines

    def _line(self, name: str, place: int | None) -> str:
        mine = {k: n for k, n in self.counts.items() if place is None or k[place] == name}
        counts = [sum(n for k, n in mine.items() if k[2] == outcome) for outcome in OUTCOMES]
        return f"{name:24}{sum(counts):>8,}" + "".join(f"{count:>10,}" for count in counts)


def trials(seed: int, count: int) -> Iterator[Trial]:
    return (Trial.of(f"{seed}:{number}") for number in range(count))


def tried(trial: Trial, folder: Path) -> tuple[Answer, Verdict]:
    """Read the mutant; an exception of the product is a defect. Every tenth file is read without accepting rejects."""
    path = folder / trial.mutant.name
    path.write_bytes(trial.mutant.data)
    accept = ["--accept-rejects"] if Random(trial.seed).random() < 0.9 else []  # noqa: S311
    try:
        answer = answer_of(trial.file.command, path, *trial.file.options, *accept)
    except Exception as error:  # noqa: BLE001  (whatever the product raises is what this looks for)
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        return Answer(), Verdict("refused", f"{type(error).__name__} at {where}: {str(error)[:200]}")
    return answer, judge(trial.file.family, trial.mutant.data, answer, _usual_warnings(trial, answer))


def _usual_warnings(trial: Trial, answer: Answer) -> set[str]:
    """Warnings that the valid file has too say nothing of a mutation."""
    always = ("known from the page only", "estimates", "may be cut: a monthly", "not UTF-8")
    usual = {warning for warning in answer.warnings if any(words in warning for words in always)}
    if trial.file.family == "metric":
        usual |= {warning for warning in answer.warnings if "no line end" in warning}
    return usual


def run(seed: int, count: int, folder: Path) -> Report:
    report = Report()
    for trial in trials(seed, count):
        report.add(trial, *tried(trial, folder))
    return report


def lines_of(report: Report) -> list[str]:
    limits = f"most memory {report.memory // MEGABYTE} MB, longest {report.seconds:.1f} s of computing for a file"
    return [*report.table(), "", limits, f"defects {len(report.defects)}", *report.defects]
