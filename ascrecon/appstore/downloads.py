"""Takes a report file from Apple's answer to the disk, byte for byte, and makes sure that it is whole."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import requests

from .documents import CHUNK_BYTES, LONGEST_ERROR_BODY, chunks, unexpected_body
from .errors import AppStoreError, Category
from .policy import Policy

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Download:
    """A whole file at `path`, the bytes exactly as received. Who gets it moves it away or discards it.

    `sha256` is lower-case hexadecimal of these bytes, `size` counts them, `unpacked_size` those of the
    content. `headers` are the answer's, without cookies, names in lower case.
    """

    path: Path
    sha256: str
    size: int
    unpacked_size: int
    content_type: str
    headers: Mapping[str, str]

    def discard(self) -> None:
        """Removes the file."""
        self.path.unlink(missing_ok=True)


def save_download(
    response: requests.Response,
    directory: Path,
    policy: Policy,
    check: Callable[[Path], None] = lambda path: None,
) -> Download:
    """Writes the body to a new file in `directory`, which is removed again where anything is wrong.

    `check` raises where the bytes, of which nothing has been unpacked yet, are not those that were promised.
    Raises AppStoreError (truncated, unexpected_body, too_large), urllib3's HTTPError for a body that is cut
    or late, OSError where the disk fails. HTTP libraries hand out a cut body without an error where the
    answer names no length; that is why every gzip member is read to its trailer.
    """
    with ExitStack() as cleanup:
        with NamedTemporaryFile(dir=directory, prefix="download-", suffix=".part", delete=False) as file:
            path = Path(file.name)
            cleanup.callback(path.unlink, missing_ok=True)
            digest = hashlib.sha256()
            size = 0
            for chunk in chunks(response, unpacked=False):
                size += len(chunk)
                _check_size(size, policy)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        _check_length(response, size)
        _check_magic(response, path, policy)
        check(path)
        unpacked_size = check_gzip(path, policy)
        cleanup.pop_all()
    return Download(
        path=path,
        sha256=digest.hexdigest(),
        size=size,
        unpacked_size=unpacked_size,
        content_type=response.headers.get("Content-Type", ""),
        headers=_kept_headers(response.headers),
    )


def check_gzip(path: Path, policy: Policy) -> int:
    """Reads every member of a gzip file to its trailer (checksum and size); the unpacked size in bytes.

    AppStoreError `truncated` where the file is cut or damaged, `too_large` where it unpacks to more than any
    report has. Several members in a row are one file (RFC 1952); Apple's files had them in December 2018.
    """
    packed = path.stat().st_size
    unpacked = 0
    try:
        with gzip.open(path) as file:
            while chunk := file.read(CHUNK_BYTES * 16):
                unpacked += len(chunk)
                _check_bomb(packed, unpacked, policy)
    except EOFError:
        raise _truncated("The file ends before its gzip trailer: it was cut.") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _truncated(f"The file is damaged: {error}.") from None
    return unpacked


def _check_size(size: int, policy: Policy) -> None:
    if size > policy.max_download_bytes:
        raise _too_large(f"The file is larger than {policy.max_download_bytes} bytes.")


def _check_bomb(packed: int, unpacked: int, policy: Policy) -> None:
    if unpacked > policy.max_unpacked_bytes:
        raise _too_large(f"The file unpacks to more than {policy.max_unpacked_bytes} bytes.")
    if unpacked > policy.ratio_checked_from_bytes and unpacked > packed * policy.max_ratio:
        raise _too_large(f"The file unpacks to more than {policy.max_ratio} times its size.")


def _check_length(response: requests.Response, size: int) -> None:
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) != size:
        raise _truncated(f"{size} bytes arrived where {announced} were announced.")


def _check_magic(response: requests.Response, path: Path, policy: Policy) -> None:
    with path.open("rb") as file:
        start = file.read(LONGEST_ERROR_BODY)
    if len(start) < len(GZIP_MAGIC) and GZIP_MAGIC.startswith(start):
        raise _truncated("The file is empty or was cut at its beginning.")
    if not start.startswith(GZIP_MAGIC):
        raise unexpected_body(response, start, "A gzip file", policy)


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() != "set-cookie"}


def _truncated(message: str) -> AppStoreError:
    return AppStoreError(category=Category.TRUNCATED, message=message, status=200)


def _too_large(message: str) -> AppStoreError:
    return AppStoreError(category=Category.TOO_LARGE, message=message, status=200)
