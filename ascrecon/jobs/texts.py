from __future__ import annotations

LONGEST = 500


def sentence(text: object) -> str:
    """One line that fits the message column; PostgreSQL takes no NUL characters."""
    line = " ".join(str(text).replace("\0", "").split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
