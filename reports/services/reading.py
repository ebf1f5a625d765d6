"""From kept bytes to recognised files: an archive may hold several."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reports.console.documents import ConsoleDocument
from reports.console.recognise import recognise_console
from reports.console.unrecognised import explain_unrecognised
from reports.files.decode import Text, decode
from reports.files.errors import BadFile
from reports.files.unpack import unpack
from reports.ingest.recognise import ReportLayout, recognise
from reports.models import Kind

#: Apple's report types and what they are called when a person downloaded them.
CONSOLE_KIND = {"SALES": Kind.R, "FINANCIAL": Kind.F1, "FINANCE_DETAIL": Kind.F2}


@dataclass(frozen=True)
class ReadFile:
    """One file inside what was handed in. Exactly one of `layout` (a report) and `document` (an export) is set."""

    name: str
    text: Text
    layout: ReportLayout | None = None
    document: ConsoleDocument | None = None

    @property
    def console_kind(self) -> Kind:
        """Raises `BadFile` for a report that is not compared with its own download."""
        if self.layout:
            if self.layout.kind not in CONSOLE_KIND:
                raise BadFile(
                    file=self.name,
                    seen=f"a report of Apple's API ({self.layout.kind.replace('_', ' ').lower()})",
                    do="load it with load_report: the console has no other number to hold against it",
                )
            return CONSOLE_KIND[self.layout.kind]
        assert self.document
        return Kind(self.document.kind)


@contextmanager
def read_texts(path: Path, name: str) -> Iterator[list[Text]]:
    """The clean texts in `path`, which exist until the block ends. Raises `BadFile` for what cannot be unpacked."""
    with tempfile.TemporaryDirectory(prefix="ascrecon-read-") as folder:
        workdir = Path(folder)
        yield [decode(plain, workdir) for plain in unpack(path, name, workdir)]


@contextmanager
def read_files(path: Path, name: str) -> Iterator[list[ReadFile]]:
    """The files in `path`, recognised by content; their clean text exists until the block ends.

    Raises `BadFile` for whatever cannot be unpacked, decoded or recognised, with what was seen and what is needed.
    """
    with read_texts(path, name) as texts:
        yield [_recognised(text) for text in texts]


def _recognised(text: Text) -> ReadFile:
    if layout := recognise(text):
        return ReadFile(text.name, text, layout=layout)
    if document := recognise_console(text, file_name=text.name):
        return ReadFile(text.name, text, document=document)
    raise explain_unrecognised(text, file_name=text.name)
