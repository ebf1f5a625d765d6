"""Planted beside found. The right kind with wrong days is both missed and unexpected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Planted = Mapping[str, Any]
Found = Mapping[str, Any]

#: What must be the same; a planted entry that leaves one of these empty does not ask for it.
ALWAYS = ("kind", "cause", "apple_id", "from", "to")
WHERE_NAMED = ("report", "metric", "cut", "member", "currency")


@dataclass
class Verdict:
    pairs: list[tuple[Planted, Found | None]] = field(default_factory=list)
    unexpected: list[Found] = field(default_factory=list)

    @property
    def found(self) -> int:
        return sum(1 for _, finding in self.pairs if finding is not None)

    @property
    def good(self) -> bool:
        return self.found == len(self.pairs) and not self.unexpected

    @property
    def summary(self) -> str:
        return f"planted {len(self.pairs)}, found {self.found}, unexpected {len(self.unexpected)}"


def judge(planted: Sequence[Planted], findings: Sequence[Found]) -> Verdict:
    """Give each planted fault the finding that agrees in everything; every finding is given once."""
    rest = list(findings)
    verdict = Verdict()
    for item in planted:
        match = next((finding for finding in rest if agrees(item, finding)), None)
        if match is not None:
            rest.remove(match)
        verdict.pairs.append((item, match))
    verdict.unexpected = rest
    return verdict


def agrees(item: Planted, finding: Found) -> bool:
    if any(_text(item[name]) != _text(finding[name]) for name in ALWAYS):
        return False
    if any(item.get(name) and _text(item[name]) != _text(finding[name]) for name in WHERE_NAMED):
        return False
    return _amounts_agree(item["amounts"], finding)


def _amounts_agree(amounts: Mapping[str, str], finding: Found) -> bool:
    """To the last unit; a planted fault without an amount is one that only the console could tell."""
    if not amounts:
        return True
    wanted = {currency: Decimal(amount) for currency, amount in amounts.items()}
    told = finding["difference"]
    return told is not None and wanted == {finding["currency"] or "": Decimal(told)}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def table(verdict: Verdict) -> list[str]:
    """Lines for people: each planted fault with what became of it, then what nobody planted."""
    lines = [f"{'':2} {'finding':22} {'cause':22} {'days':24} {'what':44} amount"]
    lines += [_line("ok" if finding else "--", item) for item, finding in verdict.pairs]
    lines += [_line("??", _as_planted(finding)) for finding in verdict.unexpected]
    return lines


def _line(mark: str, item: Planted) -> str:
    days = _text(item["from"]) if item["from"] == item["to"] else f"{item['from']} to {item['to']}"
    what = " ".join(filter(None, (_text(item.get(name)) for name in ("apple_id", "report", "metric", "member"))))
    amounts = ", ".join(f"{amount} {currency}".strip() for currency, amount in item["amounts"].items())
    return f"{mark:2} {item['kind']:22} {item['cause']:22} {days:24} {what[:44]:44} {amounts}".rstrip()


def _as_planted(finding: Found) -> Planted:
    amount = finding["difference"]
    return {**finding, "amounts": {finding["currency"] or "": amount} if amount is not None else {}}
