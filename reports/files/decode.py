"""From bytes to clean text: UTF-8, LF line ends, no BOM, no NUL; every byte that was not text is named."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

from reports.files.errors import BadFile
from reports.files.unpack import CHUNK, Unpacked

MAX_LINE = 8 << 20
HEAD_SIZE = 1 << 20
# UTF-16 without a BOM: in the first bytes (a header, mostly ASCII) every other byte is NUL.
UTF16_PROBE = 512
UTF16_PAIRS = 8
MOSTLY, HARDLY = 0.6, 0.1
SAMPLE_OF_ODD_BYTES = 64 << 10
REPLACEMENT = "\ufffd".encode()

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
WESTERN = frozenset({"cp1252", "latin_1", "cp1250", "iso8859_15", "mac_roman", "cp850", "cp437", "ascii", "utf_8"})


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that held bytes which are no text, and what they were."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Text:
    """A clean UTF-8 file with LF line ends, no BOM and no NUL.

    `name` is for people. `bad_lines` held bytes that are no text (now U+FFFD): they must not be counted.
    Line numbers are physical lines of this file from 1; only LF ends a line (U+2028 and U+0085 do not).
    """

    name: str
    path: Path
    encoding: str
    line_count: int
    ends_with_newline: bool
    warnings: tuple[str, ...] = ()
    bad_lines: tuple[BadLine, ...] = ()

    def head(self, count: int) -> list[str]:
        """The first `count` lines without their line ends; fewer where they are longer than 1 MB in all."""
        lines: list[str] = []
        room = HEAD_SIZE
        for line in self.lines():
            room -= len(line)
            if len(lines) == count or (lines and room < 0):
                break
            lines.append(line)
        return lines

    def lines(self) -> Iterator[str]:
        """All lines without their line ends, as a stream."""
        with self.path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.removesuffix("\n")


def decode(unpacked: Unpacked, workdir: Path) -> Text:
    """The clean text of one plain file; the file itself where it is clean already, else a copy in `workdir`.

    Encodings: by BOM, UTF-16 without one where it is obvious, UTF-8, else Windows-1252 with a warning. A file
    that is UTF-8 but for some lines stays UTF-8, and those lines are named: names cut in the middle of a
    character were seen in re-saved files. Raises `BadFile` for a line longer than 8 MB.
    """
    encoding, skip = _announced(unpacked.path)
    if encoding is None and (clean := _as_it_is(unpacked)) is not None:
        return clean
    target = workdir / f"{unpacked.path.name}.text"
    survey = _rewrite(unpacked, encoding or "utf-8", skip, target)
    if encoding is None and survey.odd_lines > survey.sound_lines:
        survey = _rewrite(unpacked, "cp1252", 0, target)
        survey.warnings.append(_not_utf8(unpacked.path))
    return survey.text(unpacked.name, target)


def _announced(path: Path) -> tuple[str | None, int]:
    with path.open("rb") as file:
        head = file.read(UTF16_PROBE)
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding, len(bom)
    return _bare_utf16(head), 0


def _bare_utf16(head: bytes) -> str | None:
    pairs = len(head) // 2
    if pairs < UTF16_PAIRS:
        return None
    zeros = [head[parity : pairs * 2 : 2].count(0) / pairs for parity in (0, 1)]
    if zeros[1] > MOSTLY and zeros[0] < HARDLY:
        return "utf-16-le"
    if zeros[0] > MOSTLY and zeros[1] < HARDLY:
        return "utf-16-be"
    return None


def _as_it_is(unpacked: Unpacked) -> Text | None:
    """The file itself where it needs no change: the usual case for Apple's files, and no copy is made."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    length = LineLength(unpacked.name)
    lines, last = 0, b"\n"
    with unpacked.path.open("rb") as file:
        for chunk in _chunks(file):
            if b"\r" in chunk or b"\0" in chunk or not _decodes(decoder, chunk):
                return None
            length.add(chunk, lines)
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    if not _decodes(decoder, b"", final=True):
        return None
    open_line = last != b"\n"
    return Text(unpacked.name, unpacked.path, "utf-8", lines + open_line, not open_line)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    if not final and chunk.isascii() and decoder.getstate() == (b"", 0):
        return True
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


@dataclass(slots=True)
class LineLength:
    """Guards the bound on the length of one line, chunk by chunk."""

    name: str
    open_bytes: int = 0

    def add(self, chunk: bytes, lines_before: int) -> None:
        """Count a chunk; raises `BadFile` where a line runs beyond the bound."""
        newline = chunk.rfind(b"\n")
        self.open_bytes = self.open_bytes + len(chunk) if newline < 0 else len(chunk) - newline - 1
        if self.open_bytes > MAX_LINE:
            seen = f"a line of more than {MAX_LINE >> 20} MB"
            do = "hand in Apple's own download; this is no table of lines"
            raise BadFile(file=self.name, line=lines_before + 1, seen=seen, do=do)


def _utf8_chunks(path: Path, encoding: str, skip: int) -> Iterator[bytes]:
    """The file as UTF-8 chunks; what its encoding does not know comes out as bytes that are no UTF-8."""
    with path.open("rb") as file:
        file.seek(skip)
        if encoding == "utf-8":
            yield from _chunks(file)
            return
        utf16 = encoding.startswith("utf-16")
        errors = "surrogatepass" if utf16 else "surrogateescape"
        yield from _transcoded(file, encoding, errors)
        if utf16 and (file.tell() - skip) % 2:
            yield b"\xff"


def _transcoded(file: BinaryIO, encoding: str, errors: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for chunk in _chunks(file):
        yield decoder.decode(chunk).encode("utf-8", errors)


@dataclass(slots=True)
class _Survey:
    encoding: str
    lines: int = 0
    open_line: bool = False
    sound_lines: int = 0
    odd_lines: int = 0
    bad: list[BadLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def text(self, name: str, path: Path) -> Text:
        if self.odd_lines:
            self.warnings.append(f"{self.odd_lines} lines hold bytes that are no {self.encoding}")
        count = self.lines + self.open_line
        warnings, bad = tuple(self.warnings), tuple(self.bad)
        return Text(name, path, self.encoding, count, not self.open_line, warnings, bad)


def _rewrite(unpacked: Unpacked, encoding: str, skip: int, target: Path) -> _Survey:
    survey = _Survey(encoding)
    with target.open("wb") as out:
        for block in _line_blocks(unpacked, _utf8_chunks(unpacked.path, encoding, skip)):
            out.write(_clean(block, survey))
            survey.lines += block.count(b"\n")
            survey.open_line = not block.endswith(b"\n")
    return survey


def _line_blocks(unpacked: Unpacked, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks of whole lines with LF line ends; only the last may lack its line end."""
    length, lines, rest = LineLength(unpacked.name), 0, b""
    for chunk in _lf_chunks(chunks):
        length.add(chunk, lines)
        lines += chunk.count(b"\n")
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield rest + chunk[:cut]
            rest = b""
        rest += chunk[cut:]
    if rest:
        yield rest


def _lf_chunks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        joined = held + chunk
        held = b"\r" if joined.endswith(b"\r") else b""
        yield _lf(joined[: len(joined) - len(held)])
    if held:
        yield b"\n"


def _lf(chunk: bytes) -> bytes:
    return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk


def _clean(block: bytes, survey: _Survey) -> bytes:
    if block.isascii() and b"\0" not in block:
        return block
    lines = block.split(b"\n")
    return b"\n".join(_clean_line(line, survey.lines + i, survey) for i, line in enumerate(lines, start=1))


def _clean_line(line: bytes, number: int, survey: _Survey) -> bytes:
    if line.isascii() and b"\0" not in line:
        return line
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        survey.odd_lines += 1
        odd = line[error.start : error.start + 4].hex(" ")
        survey.bad.append(BadLine(number, f"bytes that are no text at byte {error.start + 1}: {odd}"))
        return line.decode("utf-8", "replace").encode().replace(b"\0", REPLACEMENT)
    if b"\0" in line:
        survey.bad.append(BadLine(number, "a NUL byte"))
        return line.replace(b"\0", REPLACEMENT)
    survey.sound_lines += 1
    return line


def _not_utf8(path: Path) -> str:
    """The warning for Windows-1252, with charset-normalizer's opinion where that is no Western one."""
    warning = "not UTF-8: read as Windows-1252; check names with accents"
    best = from_bytes(_odd_sample(path)).best()
    if best is None or best.encoding in WESTERN:
        return warning
    return f"{warning} (it may be {best.encoding})"


def _odd_sample(path: Path) -> bytes:
    sample = bytearray()
    with path.open("rb") as file:
        for line in file:
            if not line[:MAX_LINE].isascii():
                sample += line
            if len(sample) > SAMPLE_OF_ODD_BYTES:
                break
    return bytes(sample[:SAMPLE_OF_ODD_BYTES])
