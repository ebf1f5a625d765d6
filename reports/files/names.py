"""Names of files as people gave them: for messages and lists only, never a path."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count

LONGEST = 255
#: Of an archive's own name, so that the name of a file inside has room beside it.
LONGEST_OUTER = 120
LONGEST_SUFFIX = 10
UNSEEN = "\ufffd"


def clean_name(name: str, longest: int = LONGEST) -> str:
    """The last part of a name, at most `longest` characters with its ending kept; what is no visible character goes.

    That is control characters, surrogates (bytes that are no UTF-8) and marks that turn the direction of writing.
    """
    base = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join(UNSEEN if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else c for c in base)
    return _shortened(seen.strip() or "unnamed", longest)


def _shortened(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    stem, dot, suffix = name.rpartition(".")
    kept = f"{dot}{suffix}" if stem and len(suffix) <= LONGEST_SUFFIX else ""
    return f"{name[: longest - len(kept) - 1]}…{kept}"


def told_apart(names: Iterable[str], longest: int) -> Iterator[str]:
    """Clean names, each once: what has a name already gets a number, as two folders of an archive may hold one name."""
    taken: set[str] = set()
    for name in names:
        clean = clean_name(name, longest)
        chosen = next(n for n in (_numbered(clean, k, longest) for k in count(1)) if n not in taken)
        taken.add(chosen)
        yield chosen


def _numbered(name: str, number: int, longest: int) -> str:
    if number == 1:
        return name
    stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    mark = f" ({number}){dot}{suffix}"
    return stem[: longest - len(mark)] + mark
