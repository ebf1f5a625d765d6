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
    return _amounts_agree(item["amounts"], finding) and _risk_agrees(item.get("money_at_risk"), finding)


def _risk_agrees(at_risk: Mapping[str, str] | None, finding: Found) -> bool:
    """To the last unit, where the planted fault says how much money is at risk."""
    return at_risk is None or _decimals(at_risk) == _decimals(finding["money_at_risk"])


def _decimals(amounts: Mapping[str, str]) -> dict[str, Decimal]:
    return {currency: Decimal(amount) for currency, amount in amounts.items()}


def _amounts_agree(amounts: Mapping[str, str], finding: Found) -> bool:
    """To the last unit; a planted fault without an amount is one that only the console could tell."""
    if not amounts:
        return True
    wanted = _decimals(amounts)
    told = finding["difference"]
    return told is not None and wanted == {finding["currency"] or "": Decimal(told)}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def table(verdict: Verdict, names: Mapping[int, str]) -> list[str]:
    """Lines for people, 120 columns: under each planted fault what became of it, then what nobody planted.

    `names` of the apps, by Apple ID.
    """
    lines = ["planted", _row("", "found", "cause", "days", "where", "amount")]
    faults = dict.fromkeys(item["fault"] for item, _ in verdict.pairs)
    for fault in faults:
        pairs = [pair for pair in verdict.pairs if pair[0]["fault"] == fault]
        lines += [fault, *(_line("ok" if finding else "--", item, names) for item, finding in pairs)]
    if verdict.unexpected:
        lines += ["not planted", *(_line("??", _as_planted(finding), names) for finding in verdict.unexpected)]
    return lines


def _line(mark: str, item: Planted, names: Mapping[int, str]) -> str:
    told = item["amounts"] or item.get("money_at_risk") or {}
    amounts = ", ".join(f"{amount} {currency}".strip() for currency, amount in told.items())
    return _row(mark, item["kind"], item["cause"], _days(item["from"], item["to"]), _what(item, names), amounts)


def _row(mark: str, kind: str, cause: str, days: str, what: str, amount: str) -> str:
    return f"  {mark:2} {kind:20} {cause:21} {days:19} {shortened(what, 39):39} {amount:>12}".rstrip()


def _days(first: str, last: str) -> str:
    """`2026-10-12 to 10-14`: the year once, where it is the same."""
    if first == last:
        return first
    return f"{first} to {last[5:] if first[:4] == last[:4] else last}"


def _what(item: Planted, names: Mapping[int, str]) -> str:
    """Where it is: an app or, above all apps, a report; then the figure and whose."""
    where = names.get(item["apple_id"], _text(item["apple_id"])) if item["apple_id"] else item["report"]
    return ", ".join(filter(None, (_text(where), _text(item.get("metric")), _text(item.get("member")))))


def shortened(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 3] + "..."


def _as_planted(finding: Found) -> Planted:
    amount = finding["difference"]
    return {**finding, "amounts": {finding["currency"] or "": amount} if amount is not None else {}}
