from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.files.decode import BadLine, Text, decode
from reports.files.errors import BadFile
from reports.files.unpack import Unpacked


def decoded(tmp_path: Path, data: bytes) -> Text:
    path = tmp_path / "plain"
    path.write_bytes(data)
    return decode(Unpacked("report.csv", path, len(data)), tmp_path)


def test_it_leaves_a_clean_file_where_it_is(tmp_path: Path) -> None:
    text = decoded(tmp_path, "Title\nÉtude\n".encode())

    assert text.path == tmp_path / "plain"
    assert (text.encoding, text.line_count, text.ends_with_newline) == ("utf-8", 2, True)
    assert (text.warnings, text.bad_lines) == ((), ())


@pytest.mark.parametrize(
    "data",
    [
        "Title\r\nÉtude\r\n".encode(),
        "Title\rÉtude\r".encode(),
        codecs.BOM_UTF8 + "Title\nÉtude\n".encode(),
        codecs.BOM_UTF16_LE + "Title\r\nÉtude\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Title\nÉtude\n".encode("utf-16-be"),
        "Title\nÉtude\n".encode("utf-16-le"),
        "Title\nÉtude\n".encode("utf-16-be"),
        "Title\nÉtude\n".encode("cp1252"),
    ],
)
def test_it_brings_every_encoding_to_clean_utf8_with_lf(tmp_path: Path, data: bytes) -> None:
    text = decoded(tmp_path, data)

    assert text.path.read_bytes() == "Title\nÉtude\n".encode()
    assert (text.line_count, text.ends_with_newline, text.bad_lines) == (2, True, ())


def test_it_warns_where_it_reads_windows_1252(tmp_path: Path) -> None:
    text = decoded(tmp_path, "Café\nnoir\n".encode("cp1252"))

    assert text.encoding == "cp1252"
    assert "Windows-1252" in text.warnings[0]


def test_it_keeps_utf8_and_names_the_lines_cut_in_a_character(tmp_path: Path) -> None:
    text = decoded(tmp_path, "Bäckerei\nMüsli\n".encode() + b"Sch\xc3\nGr\xc3\xbc\xc3\x9fe\n")

    assert text.encoding == "utf-8"
    assert [bad.line for bad in text.bad_lines] == [3]
    assert text.bad_lines[0].what == "bytes that are no text at byte 4: c3"
    assert text.head(4) == ["Bäckerei", "Müsli", "Sch\ufffd", "Grüße"]


def test_it_names_a_line_with_a_nul_byte(tmp_path: Path) -> None:
    text = decoded(tmp_path, b"a\nb\0c\nd\n")

    assert text.bad_lines == (BadLine(2, "a NUL byte"),)
    assert b"\0" not in text.path.read_bytes()


def test_it_names_half_a_character_at_the_end_of_utf16(tmp_path: Path) -> None:
    text = decoded(tmp_path, codecs.BOM_UTF16_LE + "a\nb".encode("utf-16-le") + b"\x41")

    assert [bad.line for bad in text.bad_lines] == [2]


@pytest.mark.parametrize("sign", ["\u2028", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_it_ends_lines_only_at_line_feeds(tmp_path: Path, sign: str) -> None:
    text = decoded(tmp_path, f"a{sign}b\nc".encode())

    assert list(text.lines()) == [f"a{sign}b", "c"]
    assert (text.line_count, text.ends_with_newline) == (2, False)


def test_it_refuses_a_line_without_end(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="line 2: a line of more than 8 MB"):
        decoded(tmp_path, b"a\n" + b"b" * (10 << 20))


def test_it_joins_a_line_end_that_falls_between_two_reads(tmp_path: Path) -> None:
    row = b"x" * ((1 << 20) - 1)

    text = decoded(tmp_path, row + b"\r\nend\r\n")

    assert text.line_count == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), min_size=1),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_it_gives_back_the_same_lines_whatever_encoding_and_line_end(
    tmp_path: Path, lines: list[str], encoding: str, end: str
) -> None:
    text = decoded(tmp_path, "".join(f"{line}x{end}" for line in lines).encode(encoding))

    assert list(text.lines()) == [f"{line}x" for line in lines]
    assert (text.line_count, text.bad_lines) == (len(lines), ())
