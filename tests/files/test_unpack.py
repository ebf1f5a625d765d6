from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from reports.files.errors import BadFile
from reports.files.unpack import Limits, Unpacked, unpack

TEXT = b"Date,Units\n10/12/26,5\n"


def unpacked(tmp_path: Path, data: bytes, name: str = "report", limits: Limits | None = None) -> list[Unpacked]:
    path = tmp_path / "handed-in"
    path.write_bytes(data)
    return unpack(path, name, tmp_path, limits or Limits())


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_it_hands_a_plain_file_on_as_it_is(tmp_path: Path) -> None:
    (file,) = unpacked(tmp_path, TEXT, "report.csv")

    assert (file.name, file.size, file.path.read_bytes()) == ("report.csv", len(TEXT), TEXT)


def test_it_reads_every_member_of_a_gzip_file(tmp_path: Path) -> None:
    (file,) = unpacked(tmp_path, gzip.compress(b"one\n") + gzip.compress(b"two\n"), "S_D_1.txt.gz")

    assert (file.name, file.size, file.path.read_bytes()) == ("S_D_1.txt", 8, b"one\ntwo\n")


@pytest.mark.parametrize("lost", [1, 4, 8, 12])
def test_it_refuses_a_gzip_file_that_was_cut(tmp_path: Path, lost: int) -> None:
    packed = gzip.compress(TEXT)[:-lost]

    with pytest.raises(BadFile) as caught:
        unpacked(tmp_path, packed, "S_D_1.txt.gz")

    assert "damaged or cut archive" in caught.value.seen


def test_it_refuses_a_gzip_file_with_a_flipped_byte_in_a_later_member(tmp_path: Path) -> None:
    second = bytearray(gzip.compress(TEXT))
    second[-6] ^= 0xFF

    with pytest.raises(BadFile):
        unpacked(tmp_path, gzip.compress(TEXT) + bytes(second))


def test_it_reads_all_files_of_a_zip_and_skips_folders_and_clutter(tmp_path: Path) -> None:
    data = zipped(
        **{"a/": b"", "a/one.csv": b"1\n", "two.csv": b"2\n", "__MACOSX/._two.csv": b"x", "a/.DS_Store": b"y"}
    )

    files = unpacked(tmp_path, data, "months.zip")

    assert [(file.name, file.path.read_bytes()) for file in files] == [
        ("months.zip/one.csv", b"1\n"),
        ("months.zip/two.csv", b"2\n"),
    ]


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "..\\..\\evil.csv"])
def test_it_never_uses_a_name_from_an_archive_as_a_path(tmp_path: Path, name: str) -> None:
    (file,) = unpacked(tmp_path, zipped(**{name: TEXT}), "months.zip")

    assert file.path.parent == tmp_path
    assert file.name == "months.zip/evil.csv"


def test_it_refuses_a_zip_entry_whose_check_sum_is_wrong(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("one.csv", TEXT)
    damaged = buffer.getvalue().replace(b"10/12/26", b"10/13/26")

    with pytest.raises(BadFile, match="damaged or cut archive"):
        unpacked(tmp_path, damaged)


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", "empty file"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><html>", "HTML page"),
        (b'{\n  "errors": [{"status": "404"}]}', "JSON document"),
        (gzip.compress(b"<html><title>502 Bad Gateway</title></html>"), "HTML page"),
        (gzip.compress(gzip.compress(TEXT)), "archive inside an archive"),
        (gzip.compress(b""), "empty file"),
        (zipped(**{"inner.zip": zipped(**{"a.csv": TEXT})}), "archive inside an archive"),
        (zipped(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"}), "Excel"),
        (zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
        (zipped(), "without a file"),
    ],
)
def test_it_refuses_what_is_no_text_report(tmp_path: Path, data: bytes, seen: str) -> None:
    with pytest.raises(BadFile) as caught:
        unpacked(tmp_path, data)

    assert seen in caught.value.seen
    assert caught.value.do


def test_it_tells_what_to_do_with_a_workbook(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="save the sheet as CSV"):
        unpacked(tmp_path, zipped(**{"[Content_Types].xml": b"<Types/>"}), "report.csv")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(**{"a.csv": data})])
def test_it_stops_an_archive_that_grows_out_of_proportion(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    bomb = pack(b"0" * 4_000_000)

    with pytest.raises(BadFile, match="grows to more than 200 times"):
        unpacked(tmp_path, bomb, limits=Limits(ratio_from=2_000_000))


def test_it_stops_at_the_size_limit_over_all_entries(tmp_path: Path) -> None:
    data = zipped(**{"a.csv": b"1" * 700_000, "b.csv": b"2" * 700_000})

    with pytest.raises(BadFile, match="more than 1 MB"):
        unpacked(tmp_path, data, limits=Limits(size=1 << 20))


def test_it_refuses_too_many_entries(tmp_path: Path) -> None:
    data = zipped(**{f"{n}.csv": TEXT for n in range(5)})

    with pytest.raises(BadFile, match="5 files"):
        unpacked(tmp_path, data, limits=Limits(entries=4))


@pytest.mark.parametrize(
    ("place", "junk", "told"),
    [
        (-6, b"\xff\xff\xff\xff", "damaged or cut archive"),  # where the directory begins: before the file
        (10, b"\x63", "packed in an unusual way"),  # a method of compression that does not exist
    ],
)
def test_it_refuses_a_zip_with_a_damaged_directory(tmp_path: Path, place: int, junk: bytes, told: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.txt", "Provider\n")
    data = bytearray(packed.getvalue())
    start = len(data) + place if place < 0 else data.rfind(b"PK\x01\x02") + place
    data[start : start + len(junk)] = junk
    path = tmp_path / "handed-in"
    path.write_bytes(data)

    with pytest.raises(BadFile, match=told):
        unpack(path, "report.zip", tmp_path)


def test_it_refuses_a_zip_whose_names_are_no_text(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("b\u00e4r.txt", "Provider\n")
    path = tmp_path / "handed-in"
    path.write_bytes(packed.getvalue().replace("\u00e4".encode(), b"\xff\xfe"))

    with pytest.raises(BadFile, match="damaged or cut archive"):
        unpack(path, "report.zip", tmp_path)
