from __future__ import annotations

import hashlib
from pathlib import Path

from reports.files.errors import BadFile
from reports.files.hashing import digest_file


def test_it_names_file_line_what_was_seen_and_what_to_do() -> None:
    error = BadFile(file="S_D_80000001.txt", line=7, seen="a NUL byte", do="download the report again")

    assert str(error) == "S_D_80000001.txt, line 7: a NUL byte; download the report again."
    assert error.as_error() == {
        "file": "S_D_80000001.txt",
        "line": 7,
        "seen": "a NUL byte",
        "do": "download the report again",
    }


def test_it_leaves_the_line_out_where_the_whole_file_is_meant() -> None:
    assert str(BadFile(file="a.csv", seen="nothing", do="try again")) == "a.csv: nothing; try again."


def test_it_gives_sha256_and_size_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc" * 1000)

    digest = digest_file(path)

    assert (digest.sha256, digest.size) == (hashlib.sha256(b"abc" * 1000).hexdigest(), 3000)
