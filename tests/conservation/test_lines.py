"""Every line of a file, whichever parser reads it, ends in one place: row, reject, blank, footer or heading."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.console.documents import ConsoleDocument
from reports.console.recognise import recognise_console
from reports.files.decode import Text, decode
from reports.files.errors import BadFile
from reports.files.unpack import unpack
from reports.ingest.reader import read
from reports.ingest.recognise import ReportLayout, recognise
from tests.reading.campaign import Trial

SEEDS = st.integers(0, 10**9)


def assert_report_conserved(text: Text, layout: ReportLayout) -> None:
    """Numbers, not only counts: no line is loaded twice, or loaded and rejected."""
    reader = read(text, layout, file_id=0)
    chunks = [chunk.decode() for chunk in reader]
    tally = reader.tally
    assert tally.physical_lines == text.line_count
    ends = (tally.header_lines, tally.rows_accepted, tally.rows_rejected, tally.blank_lines, tally.footer_lines)
    assert sum(ends) == tally.physical_lines
    loaded = [int(number) for chunk in chunks for number in _first_cells(chunk)]
    assert len(loaded) == tally.rows_accepted
    assert len({*loaded, *tally.rejected_lines}) == tally.rows_read
    assert all(tally.header_lines < line <= text.line_count for line in (*loaded, *tally.rejected_lines))


def _first_cells(chunk: str) -> list[str]:
    """The id of each COPY row; a line end within a cell would be escaped."""
    return [line.partition("\t")[0] for line in chunk.removesuffix("\n").split("\n")]


def assert_export_conserved(text: Text, document: ConsoleDocument) -> None:
    accepted, rejected = [line.line for line in document.lines], {reject.line for reject in document.rejects}
    assert len(set(accepted)) == len(accepted)
    assert not set(accepted) & rejected
    placed = len(accepted) + len(rejected) + document.heading_lines + document.footer_lines + document.blank_lines
    assert placed == text.line_count


@settings(max_examples=250, deadline=None)
@given(seed=SEEDS)
def test_every_line_of_a_damaged_file_ends_in_one_place(seed: int) -> None:
    mutant = Trial.of(f"lines:{seed}").mutant
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "handed-in"
        path.write_bytes(mutant.data)
        try:
            for plain in unpack(path, mutant.name, folder):
                text = decode(plain, folder)
                if layout := recognise(text):
                    assert_report_conserved(text, layout)
                elif document := recognise_console(text):
                    assert_export_conserved(text, document)
        except BadFile as refusal:
            assert refusal.file and refusal.seen and refusal.do
