"""Archives that were made to do harm, and names that were: a sentence for each, and nothing beyond the limits."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from reports.models import ConsoleExport, ConsoleRow, Delivery, RawFile
from tests.admin.conftest import login
from tests.doors import refusal, told
from tests.make_files import DAY, days_from, metric_export, write

__all__ = ["login"]
pytestmark = pytest.mark.django_db

UPLOAD = "/admin/reports/consoleexport/upload/"
MEGABYTES = 1 << 20
NAMES = [
    "../../x.csv",
    "..\\..\\x.csv",
    "/etc/cron.d/x.csv",
    "C:\\Windows\\x.csv",
    "\\\\server\\share\\x.csv",
    "x\x00.csv",
    "CON.csv",
    "NUL",
    "-rf.csv",
    "~root.csv",
    "x\r\nSet-Cookie: a=b.csv",
    "evil\u202evsc.exe",
    "\uff0e\uff0e\uff0fx.csv",
    "a" * 400 + ".csv",
    "\u0430cme.csv",
    "x.csv;rm -rf .csv",
    "<img src=x onerror=alert(1)>.csv",
]


def export(tmp_path: Path, first: int = 1) -> bytes:
    values = dict(zip(days_from(DAY, 3), (first, 2, 3), strict=True))
    return metric_export(tmp_path / "made", values).read_bytes()


def zipped(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return buffer.getvalue()


def files_below(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def overlapping(copies: int) -> bytes:
    """Many entries that share the bytes of one: each within its ratio, all together far beyond."""
    one = zipped([("a.csv", b"0" * 30 * MEGABYTES)])
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entries = one[start:end] * copies
    record = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(entries), start, 0)
    return one[:start] + entries + record


def many_entries() -> bytes:
    return zipped([(f"{n}.csv", b"") for n in range(5000)])


def wrong_utf8_name() -> bytes:
    return zipped([("ä.csv", b"1\n")]).replace("ä".encode(), b"\xff\xff")


def offsets_before_the_beginning() -> bytes:
    data = bytearray(zipped([("a.csv", b"1\n")]))
    at = data.index(b"PK\x05\x06")
    data[at + 16 : at + 20] = struct.pack("<L", 0x7FFFFFFF)
    return bytes(data)


def zip64() -> bytes:
    data = zipped([("a.csv", b"1\n")])
    at = data.index(b"PK\x05\x06")
    return data[:at] + b"PK\x06\x07" + bytes(16) + data[at:]


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a gzip bomb": (lambda: gzip.compress(bytes(64 * MEGABYTES)), "more than 200 times"),
    "a zip bomb": (lambda: zipped([("a.csv", bytes(64 * MEGABYTES))]), "more than 200 times"),
    "a zip bomb of many files": (
        lambda: zipped([(f"{n}.csv", b"0" * 4 * MEGABYTES) for n in range(12)]),
        "more than 200 times",
    ),
    "a zip bomb of shared bytes": (lambda: overlapping(20), "more than 200 times|damaged or cut"),
    "a gzip in a gzip": (lambda: gzip.compress(gzip.compress(bytes(8 * MEGABYTES))), "archive inside an archive"),
    "a zip in a zip": (
        lambda: zipped([("in.zip", zipped([("a.csv", bytes(8 * MEGABYTES))]))]),
        "archive inside an archive",
    ),
    "too many files": (many_entries, "too many files|5000 files"),
    "a list for more than 4 GB": (zip64, "too many files"),
    "a name that is no UTF-8": (wrong_utf8_name, "damaged or cut"),
    "offsets that lead nowhere": (offsets_before_the_beginning, "damaged or cut"),
    "LZMA in a zip": (lambda: zipped([("a.csv", b"1\n" * 99)], zipfile.ZIP_LZMA), "unusual way"),
    "bzip2 in a zip": (lambda: zipped([("a.csv", b"1\n" * 99)], zipfile.ZIP_BZIP2), "unusual way"),
    "the beginning of a zip": (lambda: zipped([("a.csv", b"1\n" * 99)])[:40], "damaged or cut"),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_it_refuses_a_hostile_archive_in_a_sentence(how: str, tmp_path: Path) -> None:
    make, seen = HOSTILE[how]
    error = refusal("import_export", write(tmp_path, "export.zip", make()))

    assert any(words in error["seen"] for words in seen.split("|")), error
    assert error["do"]
    assert Delivery.objects.count() == 0


def test_it_says_so_on_the_page_too(login: Callable[[str], Client]) -> None:
    bomb = SimpleUploadedFile("export.zip", zipped([("a.csv", bytes(64 * MEGABYTES))]))
    response = login("Analyst").post(UPLOAD, {"chosen": [bomb]})

    assert response.status_code == 200
    assert "grows to more than 200 times its size" in response.content.decode()
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_a_file_of_any_name_under_its_hash(
    name: str, tmp_path: Path, data_dir: Path, login: Callable[[str], Client]
) -> None:
    before = files_below(tmp_path)
    login("Analyst").post(UPLOAD, {"chosen": [SimpleUploadedFile("seen.csv", b"")]})
    upload = SimpleUploadedFile("seen.csv", export(tmp_path))
    upload._name = name  # past the checks of Django's own class, as a parser with a fault would let it
    response = login("Analyst").post(UPLOAD, {"chosen": [upload]})

    assert response.status_code in (200, 302)
    raw = RawFile.objects.get()
    assert files_below(data_dir / "files") == {Path(f"raw/{raw.sha256[:2]}/{raw.sha256}")}
    assert files_below(tmp_path) - before == {Path("made/metric.csv")}
    assert not set("/\\\x00\r\n\u202e") & set(ConsoleExport.objects.get().file_name)


@pytest.mark.parametrize("name", NAMES)
def test_it_never_uses_a_name_inside_an_archive_as_a_path(name: str, tmp_path: Path, data_dir: Path) -> None:
    path = write(tmp_path, "exports.zip", zipped([(name, export(tmp_path))]))
    before = files_below(tmp_path)
    (told_of,) = told("import_export", path)

    raw = RawFile.objects.get()
    assert files_below(data_dir / "files") == {Path(f"raw/{raw.sha256[:2]}/{raw.sha256}")}
    assert files_below(tmp_path) == before
    assert told_of["file"].startswith("exports.zip/")
    assert len(told_of["file"]) <= 255
    assert not set("\\\x00\r\n\u202e") & set(told_of["file"])
    assert ConsoleRow.objects.count() == 3


def test_it_takes_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"units-\xff\xfe.csv")
    path.write_bytes(export(tmp_path))

    assert told("import_export", path)[0]["file"] == "units-\ufffd\ufffd.csv"


@pytest.mark.parametrize("names", [("a/units.csv", "b/units.csv"), ("u" * 300 + ".csv", "u" * 301 + ".csv")])
def test_it_loads_each_of_two_files_that_an_archive_calls_the_same(names: tuple[str, str], tmp_path: Path) -> None:
    first, second = export(tmp_path), export(tmp_path, first=7).replace(b"App Units", b"Sessions")
    path = write(tmp_path, "months.zip", zipped([(names[0], first), (names[1], second)]))

    exports = told("import_export", path)

    assert [e["report"] for e in exports] == ["app_units", "sessions"]
    assert len({e["file"] for e in exports}) == 2
    # three days each
    assert ConsoleRow.objects.count() == 6
    values = [str(row.cells) for row in ConsoleRow.objects.order_by("pk")]
    assert "1.0" in values[0] + values[3]
    assert "7.0" in values[3] + values[0]


def test_the_command_reads_nothing_of_a_file_above_the_limit(
    tmp_path: Path, settings: Settings, data_dir: Path
) -> None:
    settings.ASCRECON_MAX_UPLOAD_BYTES = 1000
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(50 << 30)  # 50 GB of nothing: reading it would take minutes

    error = refusal("import_export", path)

    assert "more than the limit of 1000" in error["seen"]
    assert "ASCRECON_MAX_UPLOAD_BYTES" in error["do"]
    assert RawFile.objects.count() == 0
    assert files_below(data_dir / "files") == set()


class Unread(io.BytesIO):
    """A body that must not be read."""

    def read(self, *args: object) -> bytes:
        raise AssertionError("a byte was read")


@pytest.mark.parametrize("length", ["209715201", "9" * 5000])
def test_it_refuses_a_large_request_before_reading_it(length: str, login: Callable[[str], Client]) -> None:
    response = login("Analyst").generic("POST", UPLOAD, b"x", CONTENT_LENGTH=length, **{"wsgi.input": Unread()})

    assert response.status_code == 413
    assert "ASCRECON_MAX_UPLOAD_BYTES" in response.content.decode()


@pytest.mark.parametrize("length", [" 300000000", "+300000000", "300_000_000", "-1", "\u00b2", "many", "1e9"])
def test_it_refuses_a_length_that_is_no_plain_number(length: str, login: Callable[[str], Client]) -> None:
    response = login("Analyst").generic("POST", UPLOAD, b"x", CONTENT_LENGTH=length, **{"wsgi.input": Unread()})

    assert response.status_code == 400


@pytest.mark.parametrize("length", ["", "10"])
def test_it_stores_nothing_of_a_request_that_says_less_than_it_sends(
    length: str, login: Callable[[str], Client]
) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="chosen"; filename="a.csv"\r\n\r\n' + bytes(5000) + b"\r\n--B--"
    )
    client = login("Analyst")
    response = client.generic(
        "POST", UPLOAD, body, content_type="multipart/form-data; boundary=B", CONTENT_LENGTH=length
    )

    assert response.status_code in (200, 400)
    assert RawFile.objects.count() == 0
