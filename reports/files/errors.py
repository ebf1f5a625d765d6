"""The one exception for a file that cannot be read."""

from __future__ import annotations

from typing import TypedDict

LONGEST_SEEN = 600


class FileError(TypedDict):
    """The `error` object that commands print with `--json`."""

    file: str
    line: int | None
    seen: str
    do: str


class BadFile(ValueError):
    """A file that cannot be read: which file, which line, what was seen, what to do about it.

    `line` is a physical line of the decoded file, counted from 1, or None where the whole file is meant.
    """

    def __init__(self, *, file: str, line: int | None = None, seen: str, do: str) -> None:
        self.file = file
        self.line = line
        self.seen = seen if len(seen) <= LONGEST_SEEN else f"{seen[:LONGEST_SEEN]}..."
        self.do = do
        super().__init__(file, line, self.seen, do)

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.seen}; {self.do}."

    def as_error(self) -> FileError:
        """The same facts as a plain object for JSON output."""
        return {"file": self.file, "line": self.line, "seen": self.seen, "do": self.do}
