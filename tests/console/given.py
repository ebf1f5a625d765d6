"""Console files as a person hands them in, and the way to read them."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

from reports.console.documents import ConsoleDocument, ConsoleLine
from reports.console.recognise import recognise_console
from reports.console.unrecognised import explain_unrecognised
from reports.files.decode import Text, decode
from reports.files.errors import BadFile
from reports.files.unpack import unpack


def recognise(content: str | bytes, name: str = "export.csv") -> ConsoleDocument | None:
    """What the recogniser makes of a file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        return recognise_console(_text(content, name, Path(folder)))


def read(content: str | bytes, name: str = "export.csv") -> ConsoleDocument:
    document = recognise(content, name)
    assert document is not None
    return document


def refused(content: str | bytes, name: str = "export.csv") -> BadFile:
    """The error for a file that no reader takes."""
    with tempfile.TemporaryDirectory() as folder:
        text = _text(content, name, Path(folder))
        assert recognise_console(text) is None
        return explain_unrecognised(text)


def outcome(content: bytes) -> tuple[ConsoleDocument | BadFile, int]:
    """The document or the error for any bytes, and the number of physical lines."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            text = _text(content, "export.csv", Path(folder))
        except BadFile as error:
            return error, 0
        try:
            document = recognise_console(text)
        except BadFile as error:
            return error, text.line_count
        return document or explain_unrecognised(text), text.line_count


def values(document: ConsoleDocument, metric: str) -> dict[tuple[str | None, str | None], Decimal | None]:
    """(region, currency) -> value of one metric of a payments file."""
    return {
        (value.region, value.currency): value.value
        for line in document.lines
        for value in line.values
        if value.metric == metric
    }


def cell(line: ConsoleLine, metric: str) -> Decimal | None:
    return next(value.value for value in line.values if value.metric == metric)


def _text(content: str | bytes, name: str, folder: Path) -> Text:
    path = folder / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (unpacked,) = unpack(path, name, folder)
    return decode(unpacked, folder)
