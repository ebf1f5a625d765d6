"""Apple's fiscal months as literal data: 5-4-4 weeks, Sunday to Saturday, and the first Friday after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

CALENDAR = """
2025-01 2024-09-29 2024-11-02 2024-11-08
2025-02 2024-11-03 2024-11-30 2024-12-06
2025-03 2024-12-01 2024-12-28 2025-01-03
2025-04 2024-12-29 2025-02-01 2025-02-07
2025-05 2025-02-02 2025-03-01 2025-03-07
2025-06 2025-03-02 2025-03-29 2025-04-04
2025-07 2025-03-30 2025-05-03 2025-05-09
2025-08 2025-05-04 2025-05-31 2025-06-06
2025-09 2025-06-01 2025-06-28 2025-07-04
2025-10 2025-06-29 2025-08-02 2025-08-08
2025-11 2025-08-03 2025-08-30 2025-09-05
2025-12 2025-08-31 2025-09-27 2025-10-03
2026-01 2025-09-28 2025-11-01 2025-11-07
2026-02 2025-11-02 2025-11-29 2025-12-05
2026-03 2025-11-30 2025-12-27 2026-01-02
2026-04 2025-12-28 2026-01-31 2026-02-06
2026-05 2026-02-01 2026-02-28 2026-03-06
2026-06 2026-03-01 2026-03-28 2026-04-03
2026-07 2026-03-29 2026-05-02 2026-05-08
2026-08 2026-05-03 2026-05-30 2026-06-05
2026-09 2026-05-31 2026-06-27 2026-07-03
2026-10 2026-06-28 2026-08-01 2026-08-07
2026-11 2026-08-02 2026-08-29 2026-09-04
2026-12 2026-08-30 2026-09-26 2026-10-02
2027-01 2026-09-27 2026-10-31 2026-11-06
2027-02 2026-11-01 2026-11-28 2026-12-04
2027-03 2026-11-29 2026-12-26 2027-01-01
2027-04 2026-12-27 2027-01-30 2027-02-05
2027-05 2027-01-31 2027-02-27 2027-03-05
2027-06 2027-02-28 2027-03-27 2027-04-02
2027-07 2027-03-28 2027-05-01 2027-05-07
2027-08 2027-05-02 2027-05-29 2027-06-04
2027-09 2027-05-30 2027-06-26 2027-07-02
2027-10 2027-06-27 2027-07-31 2027-08-06
2027-11 2027-08-01 2027-08-28 2027-09-03
2027-12 2027-08-29 2027-09-25 2027-10-01
"""


@dataclass(frozen=True)
class FiscalMonth:
    """One fiscal month: `name` as the API wants it, first and last day, day of publication."""

    name: str
    start: date
    end: date
    published: date

    @property
    def calendar_month(self) -> tuple[int, int]:
        """(year, month) of the calendar label: fiscal 2026-02 is November 2025."""
        year, month = int(self.name[:4]), int(self.name[5:])
        label = (month + 8) % 12 + 1
        return (year - 1 if label > month else year), label

    @property
    def file_label(self) -> str:
        """MMYY of the console's file names, for example `1125`."""
        year, month = self.calendar_month
        return f"{month:02d}{year % 100:02d}"


def _row(line: str) -> FiscalMonth:
    name, start, end, published = line.split()
    return FiscalMonth(name, date.fromisoformat(start), date.fromisoformat(end), date.fromisoformat(published))


MONTHS = {month.name: month for month in map(_row, CALENDAR.split("\n")[1:-1])}
