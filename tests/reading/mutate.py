"""Damage and re-saving of files, in kinds: bytes to other bytes, decided by a random generator alone."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Lines = list[str]

STRANGE = [
    "", " ", "0", "-0", "-1", "1", "7", "+5", ".5", "5.", "005", "1e5", "1.23E+09", "NaN", "Infinity", "1_000",
    "\uff15",
    "\u0663", "\u22125", "(5.00)", "5-", "$5", "\u20ac5.00", "5 EUR", "1,234", "1.234", "1,234.56", "1.234,56", "12,5",
    "0.1234567", "1.123456789012345678901234567890", "9" * 15, "9" * 16, "9" * 40, "-", "\u2013", "n/a",
    "=1+1", "@SUM(A1)",
    "\u00a012", "1\u20292", "a\u0085b", "x" * 300, '"', '""', '"5"', 'a"b', "USD", "EUR", "XXX", "usd", "S", "R", "T",
    "10/13/2026", "13/10/2026", "2026-10-12", "12.10.2026", "45000", "02/30/2026", "12/31/9999", "01/01/0001", "1/2/26",
    "Total_Rows", "Total", "Paid to X", "(September, 2026)", "Country Of Sale",
]  # fmt: skip
SIGNS = list("0123456789.,;-\t\"' aZ/()\u00e9\u20ac")
RAW = [b"\0", b"\xff", b"\xc3", b"\xe9", b"\xed\xa0\x80", b"\x1a", b"\r", b"\n", b"\t", b'"', b",", b"\xef\xbb\xbf",
       b"\x0b", b"\xc2\x85", b"\xe2\x80\xa8"]  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """The bytes after a mutation, the name to hand them in under, and in words what was done."""

    data: bytes
    name: str
    what: str


Change = Callable[[bytes, str, Random], tuple[bytes, str]]


def _on_lines(change: Callable[[Lines, str, Random], str]) -> Change:
    def changed(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
        text = data.decode("utf-8", "surrogateescape")
        lines = text.split("\n")
        what = change(lines, delimiter, rng)
        return "\n".join(lines).encode("utf-8", "surrogateescape"), what

    return changed


def _some_line(lines: Lines, rng: Random) -> int:
    return rng.randrange(len(lines))


def _cell(lines: Lines, delimiter: str, rng: Random) -> str:
    at = _some_line(lines, rng)
    cells = lines[at].split(delimiter)
    place = rng.randrange(len(cells))
    before = cells[place]
    cells[place] = _other_cell(before, rng)
    lines[at] = delimiter.join(cells)
    return f"line {at + 1}, cell {place + 1}: {before!r} -> {cells[place][:60]!r}"


def _other_cell(before: str, rng: Random) -> str:
    way = rng.randrange(4)
    if way == 0 or not before:
        return rng.choice(STRANGE)
    at = rng.randrange(len(before))
    if way == 1:
        return before[:at] + rng.choice(SIGNS) + before[at + 1 :]
    return before[:at] + before[at + 1 :] if way == 2 else before[:at] + rng.choice(SIGNS) + before[at:]


def _column_of_cells(lines: Lines, delimiter: str, rng: Random) -> str:
    """One value down a whole column: what no row contradicts."""
    width = max(line.count(delimiter) for line in lines)
    place, value = rng.randrange(width + 1), rng.choice(STRANGE)
    head = max(range(len(lines)), key=lambda n: (lines[n].count(delimiter), -n))
    for at in range(head + 1, len(lines)):
        cells = lines[at].split(delimiter)
        if len(cells) > max(place, 3):
            cells[place] = value
            lines[at] = delimiter.join(cells)
    return f"column {place + 1} all {value[:40]!r}"


def _cells_swapped(lines: Lines, delimiter: str, rng: Random) -> str:
    at = _some_line(lines, rng)
    cells = lines[at].split(delimiter)
    one, other = rng.randrange(len(cells)), rng.randrange(len(cells))
    cells[one], cells[other] = cells[other], cells[one]
    lines[at] = delimiter.join(cells)
    return f"line {at + 1}: cells {one + 1} and {other + 1} swapped"


def _cell_lost_or_more(lines: Lines, delimiter: str, rng: Random) -> str:
    at = _some_line(lines, rng)
    cells = lines[at].split(delimiter)
    place = rng.randrange(len(cells))
    if rng.random() < 0.5:
        del cells[place]
    else:
        cells.insert(place, rng.choice(["", "x", cells[place]]))
    lines[at] = delimiter.join(cells)
    return f"line {at + 1}: now {len(cells)} cells, changed at {place + 1}"


def _line(lines: Lines, delimiter: str, rng: Random) -> str:
    at, other = _some_line(lines, rng), _some_line(lines, rng)
    way = rng.choice(["dropped", "doubled", "swapped", "moved", "joined", "split", "blank", "foreign", "head dropped"])
    if way == "dropped":
        del lines[at]
    elif way == "doubled":
        lines.insert(other, lines[at])
    elif way == "swapped":
        lines[at], lines[other] = lines[other], lines[at]
    elif way == "moved":
        lines.insert(other, lines.pop(at))
    elif way == "joined" and at + 1 < len(lines):
        lines[at] += lines.pop(at + 1)
    elif way == "split":
        cut = rng.randrange(len(lines[at]) + 1)
        lines[at : at + 1] = [lines[at][:cut], lines[at][cut:]]
    elif way == "blank":
        lines.insert(at, rng.choice(["", " ", delimiter * 5, "\u00a0"]))
    elif way == "foreign":
        lines.insert(at, rng.choice(["x", "Total_Rows\t7", "--", "a,b,c", "a\tb\tc", "Total: 5", "# a remark"]))
    else:
        del lines[:at]
    return f"line {at + 1} {way} (other {other + 1})"


def _cut(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    at = rng.randrange(len(data))
    if rng.random() < 0.4:
        at = data.rfind(b"\n", 0, at) + rng.choice([0, 1])
    return data[: max(at, 0)], f"cut after {at} of {len(data)} bytes"


def _bytes(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    changed, what = bytearray(data), []
    for _ in range(rng.randint(1, 4)):
        at, span = rng.randrange(len(changed) + 1), rng.choice([0, 0, 1, 1, 2, 30, 400])
        new = rng.choice([*RAW, bytes([rng.randrange(256)]), rng.randbytes(3), bytes(changed[at : at + 120])])
        changed[at : at + span] = new
        what.append(f"{span} bytes at {at} -> {new[:12]!r}")
    return bytes(changed), ", ".join(what)


def _encoding(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    text = data.decode("utf-8", "replace")
    name = rng.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "mac-roman", "utf-32",
                       "utf-8 twice", "half cp1252", "utf-16 odd", "utf-16 surrogate"])  # fmt: skip
    if name == "utf-8 twice":
        return data.decode("latin-1").encode(), name
    if name == "half cp1252":
        cut = len(text) // 2
        return text[:cut].encode() + text[cut:].encode("cp1252", "replace"), name
    if name == "utf-16 odd":
        return text.encode("utf-16")[: -1 - 2 * rng.randrange(2)], name
    if name == "utf-16 surrogate":
        wide = text.encode("utf-16-le")
        at = 2 * rng.randrange(1 + len(wide) // 2)
        return b"\xff\xfe" + wide[:at] + b"\x00\xd8" + wide[at:], f"{name} at {at}"
    return text.encode(name, "replace"), name


def _delimiter(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    new = rng.choice(["\t", ",", ";", "|", " ", "\t\t"])
    text, old = data.decode("utf-8", "replace"), delimiter
    if rng.random() < 0.3:
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        lines[at] = lines[at].replace(old, new)
        return "\n".join(lines).encode(), f"delimiter {new!r} in line {at + 1}"
    announced = rng.random() < 0.2
    head = f"sep={rng.choice([new, old])}\n" if announced else ""
    return (head + text.replace(old, new)).encode(), f"delimiter {new!r}{' with a sep line' if announced else ''}"


def _quoting(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    text, way = (
        data.decode("utf-8", "replace"),
        rng.choice(["resaved", "resaved", "lone", "cell", "none", "all as they are"]),
    )
    if way == "resaved":
        return _resaved(text, delimiter, rng)
    if way == "none":
        return text.replace('"', "").encode(), "no quotes left"
    if way == "all as they are":
        quoted = [delimiter.join(f'"{cell}"' for cell in line.split(delimiter)) for line in text.split("\n")]
        return "\n".join(quoted).encode(), "every cell quoted"
    at = rng.randrange(len(text) + 1)
    if way == "lone":
        starts = [m.end() for m in re.finditer(re.escape(delimiter), text)] or [0]
        at = rng.choice([at, rng.choice(starts)])
        return (text[:at] + '"' + text[at:]).encode(), f"a quote at {at}"
    end = text.find(delimiter, at)
    return (text[:at] + '"' + text[at:end] + '"' + text[end:]).encode(), f"quotes at {at} and {end}"


def _resaved(text: str, delimiter: str, rng: Random) -> tuple[bytes, str]:
    """As a spreadsheet writes it: another delimiter, cells quoted where needed or all."""
    new, every = rng.choice([",", ";"]), rng.random() < 0.4
    rows = [line.split("\t") if delimiter == "\t" else _plain_cut(line, delimiter) for line in text.split("\n")]
    width = max(map(len, rows))
    padded = rng.random() < 0.3
    lines = [_written([*row, *[""] * (width - len(row))] if padded and any(row) else row, new, every) for row in rows]
    return "\r\n".join(
        lines
    ).encode(), f"re-saved with {new!r}{' all quoted' if every else ''}{' padded' if padded else ''}"


def _plain_cut(line: str, delimiter: str) -> list[str]:
    return re.findall(rf'(?:^|(?<={re.escape(delimiter)}))("(?:[^"]|"")*"[^{delimiter}]*|[^{delimiter}]*)', line)


def _written(cells: list[str], delimiter: str, every: bool) -> str:
    bare = [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells]
    quoted = [f'"{c.replace(chr(34), chr(34) * 2)}"' if every or set(c) & {delimiter, '"'} else c for c in bare]
    return delimiter.join(quoted)


def _columns(lines: Lines, delimiter: str, rng: Random) -> str:
    """The whole column, header and rows; quoted delimiters are kept together."""
    rows = [line.split("\t") if delimiter == "\t" else _plain_cut(line, delimiter) for line in lines]
    wide = max(map(len, rows))
    head = next(n for n, row in enumerate(rows) if len(row) >= wide - 2)
    count = len(rows[head])
    way = rng.choice(
        ["permuted", "dropped", "doubled", "new", "renamed", "other case", "no name", "head alone dropped"]
    )
    place, order = rng.randrange(count), list(range(count))
    if way == "permuted":
        rng.shuffle(order)
    elif way == "dropped":
        del order[place]
    elif way == "doubled":
        order.insert(rng.randrange(count + 1), place)
    if way in ("permuted", "dropped", "doubled"):
        for n in range(head, len(rows)):
            if len(rows[n]) >= count:
                rows[n] = [rows[n][i] for i in order] + rows[n][count:]
    elif way == "new":
        for n in range(head, len(rows)):
            if len(rows[n]) >= count:
                rows[n].insert(place, "Tax Note" if n == head else "x")
    elif way == "head alone dropped":
        del rows[head][place]
    else:
        names = {"renamed": f"{rows[head][place]} X", "other case": f" {rows[head][place].upper()} ", "no name": ""}
        rows[head][place] = names[way]
    lines[:] = [delimiter.join(row) for row in rows]
    return f"column {place + 1} {way}"


def _size(lines: Lines, delimiter: str, rng: Random) -> str:
    at = _some_line(lines, rng)
    way = rng.choice(["long cell", "very long cell", "many cells", "many columns", "huge number", "deep decimals",
                      "empty", "blank lines", "many rows"])  # fmt: skip
    cells = lines[at].split(delimiter)
    place = rng.randrange(len(cells))
    filler = rng.choice(["x", "9", '"', " ", "\u00e9"])
    if way in ("long cell", "very long cell"):
        cells[place] += filler * (3000 if way == "long cell" else 1_100_000)
    elif way == "many cells":
        cells += ["1"] * 20_000
    elif way == "many columns":
        lines[:] = [line + "".join(f"{delimiter}c{n}" for n in range(600)) if line else line for line in lines]
        return "600 columns more"
    elif way == "huge number":
        cells[place] = str(10 ** rng.randint(13, 60))
    elif way == "deep decimals":
        cells[place] += f".{rng.randrange(10 ** rng.randint(1, 30))}"
    elif way == "empty":
        lines[:] = [rng.choice(["", " ", "\ufeff"])]
        return "nothing left"
    elif way == "blank lines":
        lines += [delimiter * 3] * 30_000
        return "30,000 blank lines more"
    else:
        lines[at:at] = [lines[at]] * 3000
        return f"line {at + 1} 3,000 times more"
    lines[at] = delimiter.join(cells)
    return f"line {at + 1}, cell {place + 1}: {way} of {filler!r}"


def _random_text(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    """A long cell that no compression shortens."""
    lines = data.decode("utf-8", "replace").split("\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(delimiter)
    place, size = rng.randrange(len(cells)), rng.choice([300, 700, 3000, 9000])
    cells[place] = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(size))
    lines[at] = delimiter.join(cells)
    return "\n".join(lines).encode(), f"line {at + 1}, cell {place + 1}: {size} random letters"


def _line_ends(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    way = rng.choice(
        ["crlf", "cr", "mixed", "none at the end", "several at the end", "vertical tab", "U+2028", "crcrlf"]
    )
    if way == "none at the end":
        return data.rstrip(b"\n"), way
    if way == "several at the end":
        return data + b"\n" * rng.randint(1, 5), way
    ends = {"crlf": b"\r\n", "cr": b"\r", "vertical tab": b"\x0b", "U+2028": "\u2028".encode(), "crcrlf": b"\r\r\n"}
    parts = data.split(b"\n")
    if way == "mixed":
        return b"".join(part + rng.choice([b"\n", b"\r\n", b"\r"]) for part in parts[:-1]) + parts[-1], way
    return ends[way].join(parts), way


def _compression(data: bytes, delimiter: str, rng: Random) -> tuple[bytes, str]:
    whole = gzip.compress(data, mtime=0)
    way = rng.choice(["gzip", "two members", "cut", "flipped", "rest", "twice", "zip", "zip clutter", "zip cut",
                      "zip flipped", "zip empty", "plain named gz"])  # fmt: skip
    at = rng.randrange(len(data)) if data else 0
    if way == "two members":
        whole = gzip.compress(data[:at], mtime=0) + gzip.compress(data[at:], mtime=0)
    elif way == "cut":
        whole = whole[: rng.randrange(3, len(whole))]
    elif way == "flipped":
        whole = _flipped(whole, rng.randrange(10, len(whole)))
    elif way == "rest":
        whole += rng.choice([b"\0" * 9, b"garbage"])
    elif way == "twice":
        whole = gzip.compress(whole, mtime=0)
    elif way.startswith("zip"):
        whole = _zipped(data, way, rng)
    elif way == "plain named gz":
        whole = data
    return whole, way


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def _zipped(data: bytes, way: str, rng: Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if way == "zip clutter":
            archive.writestr("__MACOSX/._report", "x")
        if way != "zip empty":
            archive.writestr("report", data)
    whole = out.getvalue()
    if way == "zip cut":
        return whole[: rng.randrange(4, len(whole))]
    return _flipped(whole, rng.randrange(4, len(whole))) if way == "zip flipped" else whole


KINDS: dict[str, Change] = {
    "cell": _on_lines(_cell),
    "column of cells": _on_lines(_column_of_cells),
    "cells swapped": _on_lines(_cells_swapped),
    "cells more or less": _on_lines(_cell_lost_or_more),
    "line": _on_lines(_line),
    "truncation": _cut,
    "bytes": _bytes,
    "encoding": _encoding,
    "delimiter": _delimiter,
    "quoting": _quoting,
    "columns": _on_lines(_columns),
    "size": _on_lines(_size),
    "long text": _random_text,
    "line ends": _line_ends,
    "compression": _compression,
}
TEXT_KINDS = [name for name in KINDS if name not in ("encoding", "compression", "size", "long text")]


def mutated(kind: str, data: bytes, name: str, delimiter: str, rng: Random) -> Mutant:
    """One mutation of a kind; `two at once` stacks two, the second often an encoding or an archive."""
    if kind != "two at once":
        changed, what = KINDS[kind](data, delimiter, rng)
        return Mutant(changed, _packed_name(kind, name), what)
    first, last = rng.choice(TEXT_KINDS), rng.choice([*TEXT_KINDS, "encoding", "compression"])
    once, what = KINDS[first](data, delimiter, rng)
    twice, then = KINDS[last](once, delimiter, rng) if once else (once, "")
    return Mutant(twice, _packed_name(last, name), f"{first}: {what}; {last}: {then}")


def _packed_name(kind: str, name: str) -> str:
    return f"{name}.gz" if kind == "compression" else name


ALL_KINDS = [*KINDS, "two at once"]
