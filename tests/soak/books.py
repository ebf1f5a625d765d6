"""All that may never be lost or doubled, as text by content: without ids, times and the order of loading."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

Books = dict[str, Counter[str]]

SELECTS = Path(__file__).with_name("books.sql")


@dataclass(frozen=True)
class Difference:
    table: str
    lost: list[str]
    doubled: list[str]


def read_books() -> Books:
    """Of the current database and its store of files."""
    return read_tables(SELECTS) | {"stored files": _stored(Path(settings.MEDIA_ROOT))}


def read_tables(path: Path) -> Books:
    """The rows that the SELECTs of a file give in the current database."""
    with connection.cursor() as cursor:
        books = {}
        for table, select in selects(path).items():
            cursor.execute(select)
            books[table] = Counter(str(row[0]) for row in cursor.fetchall())
    return books


def selects(path: Path = SELECTS) -> dict[str, str]:
    """One SELECT for each table: the part of the file below its title, after the common part above all titles."""
    common, *parts = path.read_text(encoding="utf-8").split("-- table: ")
    return {title: common + select for title, _, select in (part.partition("\n") for part in parts)}


def differences(undisturbed: Books, disturbed: Books) -> list[Difference]:
    """What one has and the other has not, by table; a row that differs is lost and doubled at once."""
    found = (
        Difference(t, sorted((rows - disturbed[t]).elements()), sorted((disturbed[t] - rows).elements()))
        for t, rows in undisturbed.items()
    )
    return [one for one in found if one.lost or one.doubled]


def _stored(folder: Path) -> Counter[str]:
    """By name and true content; what a killed process left half written beside them is counted apart."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".new-")]
    return Counter(f"{path.relative_to(folder)}|{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
