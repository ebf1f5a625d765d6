"""From the bytes as handed in to plain files: gzip, zip, or as they are."""

from __future__ import annotations

import errno
import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from reports.files.errors import BadFile
from reports.files.names import LONGEST, LONGEST_OUTER, clean_name, told_apart

CHUNK = 1 << 20
MAGIC_LENGTH = 512

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
ENCRYPTED = 0x1
#: Others (LZMA, bzip2) take as much memory as the archive asks for, and no browser and no system makes them.
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: A zip's end record with the longest comment, and the size of the list of entries in it (APPNOTE 4.3.16).
ZIP_END = struct.Struct("<4s4H2LH")
ZIP_TAIL = ZIP_END.size + 65_535
ZIP64_LOCATOR = b"PK\x06\x07"
LONGEST_ENTRY = 1024  # bytes of the list of entries, for each

# What the libraries raise for damage; a name that is no UTF-8 and a place beyond all numbers among it.
DAMAGE = (
    EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError,
    OverflowError, struct.error,
)  # fmt: skip

SAVE_AS_CSV = "open it in the spreadsheet program and save the sheet as CSV, or hand in Apple's own download"
DOWNLOAD_AGAIN = "download the report again from App Store Connect"
UNPACK_FIRST = "unpack it and hand in the report file itself"

FOREIGN_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "download the report as CSV or text instead of PDF"),
    (b"\x89PNG", "a PNG image", DOWNLOAD_AGAIN),
    (b"\xff\xd8\xff", "a JPEG image", DOWNLOAD_AGAIN),
    (b"GIF8", "a GIF image", DOWNLOAD_AGAIN),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", SAVE_AS_CSV),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK_FIRST),
    (b"Rar!", "a RAR archive", UNPACK_FIRST),
    (b"BZh", "a bzip2 archive", UNPACK_FIRST),
    (b"\xfd7zXZ", "an xz archive", UNPACK_FIRST),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", UNPACK_FIRST),
)
MARKUP_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"{", "a JSON document (an error of the App Store Connect API?)"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds against archives that grow without end; sizes in bytes.

    `ratio` (unpacked by packed size) applies once `ratio_from` bytes are unpacked, so that a small file of
    equal rows is not refused; to each file and to all of an archive, whose entries may share their bytes.
    """

    size: int = 4 << 30
    ratio: int = 200
    ratio_from: int = 32 << 20
    entries: int = 200


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One plain file: the name for people (never used as a path), where it lies, its size in bytes."""

    name: str
    path: Path
    size: int


DEFAULT_LIMITS = Limits()


def unpack(path: Path, name: str, workdir: Path, limits: Limits = DEFAULT_LIMITS) -> list[Unpacked]:
    """The plain files inside `path`: every gzip member to its trailer, every zip entry with its check sum.

    Files are written to `workdir` under names of our own. Raises `BadFile` for what is no text report, for a
    damaged or nested archive, and for one that grows beyond `limits`.
    """
    name = clean_name(name)
    head = _head(path)
    if head.startswith(GZIP_MAGIC):
        return [_gunzip(path, name, workdir, limits)]
    if head.startswith((ZIP_MAGIC, EMPTY_ZIP_MAGIC)):
        return _unzip(path, name, workdir, limits)
    unpacked = Unpacked(name=name, path=path, size=path.stat().st_size)
    if unpacked.size > limits.size:
        raise _too_large(name, limits)
    return [_checked(unpacked)]


def _gunzip(path: Path, name: str, workdir: Path, limits: Limits) -> Unpacked:
    target = workdir / "unpacked-0"
    inner = name.removesuffix(".gz")
    with path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as plain, _archive_errors(name):
        size = _Growth(name, limits, path.stat().st_size).copy(plain, target, packed.tell)
    return _checked(Unpacked(name=inner, path=target, size=size))


def _unzip(path: Path, name: str, workdir: Path, limits: Limits) -> list[Unpacked]:
    name = clean_name(name, LONGEST_OUTER)
    _check_list(path, name, limits)
    with _archive_errors(name), zipfile.ZipFile(path) as archive:
        entries = _entries(archive, name, limits)
        return list(_extract(archive, entries, workdir, _Growth(name, limits, path.stat().st_size)))


def _check_list(path: Path, name: str, limits: Limits) -> None:
    """A list of millions of entries would fill the memory before it could be counted."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - ZIP_TAIL))
        tail = file.read()
    at = tail.rfind(EMPTY_ZIP_MAGIC)
    if at < 0 or len(tail) - at < ZIP_END.size:
        raise BadFile(file=name, seen="a damaged or cut archive (it has no end record)", do=DOWNLOAD_AGAIN)
    size = ZIP_END.unpack_from(tail, at)[5]
    if ZIP64_LOCATOR in tail[max(0, at - 20) : at] or size > limits.entries * LONGEST_ENTRY:
        seen = f"a zip archive with a list of too many files (at most {limits.entries} are read)"
        raise BadFile(file=name, seen=seen, do="hand the reports in by several archives")


def _entries(archive: zipfile.ZipFile, name: str, limits: Limits) -> list[zipfile.ZipInfo]:
    names = set(archive.namelist())
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise BadFile(file=name, seen="an Excel or OpenDocument workbook", do=SAVE_AS_CSV)
    entries = [entry for entry in archive.infolist() if not _is_clutter(entry)]
    if not entries:
        raise BadFile(file=name, seen="a zip archive without a file", do=DOWNLOAD_AGAIN)
    if len(entries) > limits.entries:
        seen = f"a zip archive of {len(entries)} files (at most {limits.entries} are read)"
        raise BadFile(file=name, seen=seen, do="hand the reports in by several archives")
    return entries


def _is_clutter(entry: zipfile.ZipInfo) -> bool:
    return entry.is_dir() or "__MACOSX" in _parts(entry) or _base_name(entry).startswith(".")


def _parts(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    return PurePosixPath(entry.filename.replace("\\", "/")).parts


def _base_name(entry: zipfile.ZipInfo) -> str:
    return _parts(entry)[-1] if _parts(entry) else "unnamed"


def _extract(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], workdir: Path, growth: _Growth
) -> Iterator[Unpacked]:
    names = told_apart(map(_base_name, entries), LONGEST - len(growth.name) - 1)
    for number, (entry, base) in enumerate(zip(entries, names, strict=True)):
        inner = f"{growth.name}/{base}"
        _check_entry(entry, inner)
        target = workdir / f"unpacked-{number}"
        with archive.open(entry) as plain:
            size = growth.copy(plain, target, partial(getattr, entry, "compress_size"))
        yield _checked(Unpacked(name=inner, path=target, size=size))


def _check_entry(entry: zipfile.ZipInfo, inner: str) -> None:
    if entry.flag_bits & ENCRYPTED:
        raise BadFile(file=inner, seen="an encrypted zip entry", do=UNPACK_FIRST)
    if entry.compress_type not in ZIP_METHODS:
        raise BadFile(file=inner, seen="a zip entry packed in an unusual way", do=UNPACK_FIRST)


@dataclass(slots=True)
class _Growth:
    """What an archive has grown to so far, held against the limits; sizes in bytes, `packed` that of the archive."""

    name: str
    limits: Limits
    packed: int
    total: int = 0

    def copy(self, plain: IO[bytes] | gzip.GzipFile, target: Path, packed_size: Callable[[], int]) -> int:
        """Write `plain` to `target`, return its size; raises `BadFile` where it grows beyond the limits."""
        size = 0
        with target.open("wb") as out:
            while chunk := plain.read(CHUNK):
                size += len(chunk)
                self.total += len(chunk)
                self._check(size, packed_size())
                out.write(chunk)
        return size

    def _check(self, size: int, packed: int) -> None:
        if self.total > self.limits.size:
            raise _too_large(self.name, self.limits)
        if self._is_out_of_proportion(size, packed) or self._is_out_of_proportion(self.total, self.packed):
            seen = f"an archive that grows to more than {self.limits.ratio} times its size"
            raise BadFile(file=self.name, seen=seen, do=UNPACK_FIRST)

    def _is_out_of_proportion(self, size: int, packed: int) -> bool:
        return size > self.limits.ratio_from and size > self.limits.ratio * max(packed, 1)


def _too_large(name: str, limits: Limits) -> BadFile:
    seen = f"more than {limits.size >> 20} MB of text"
    return BadFile(file=name, seen=seen, do="hand in a shorter period, or raise the size limit")


@contextmanager
def _archive_errors(name: str) -> Iterator[None]:
    try:
        yield
    except BadFile:
        raise
    except DAMAGE as error:
        raise _damaged(name, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place that cannot be in a file; anything else is this machine's trouble
            raise
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> BadFile:
    return BadFile(file=name, seen=f"a damaged or cut archive ({error})", do=DOWNLOAD_AGAIN)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAGIC_LENGTH)


def _checked(unpacked: Unpacked) -> Unpacked:
    if unpacked.size == 0:
        raise BadFile(file=unpacked.name, seen="an empty file (0 bytes)", do=DOWNLOAD_AGAIN)
    head = _head(unpacked.path)
    if head.startswith((GZIP_MAGIC, ZIP_MAGIC)):
        raise BadFile(file=unpacked.name, seen="an archive inside an archive", do=UNPACK_FIRST)
    for magic, seen, do in FOREIGN_MAGIC:
        if head.startswith(magic):
            raise BadFile(file=unpacked.name, seen=seen, do=do)
    _refuse_markup(unpacked.name, head)
    return unpacked


def _refuse_markup(name: str, head: bytes) -> None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for opening, seen in MARKUP_STARTS:
        if start.startswith(opening):
            raise BadFile(file=name, seen=f"{seen} instead of a report", do=DOWNLOAD_AGAIN)
