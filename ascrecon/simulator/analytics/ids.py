"""Ids of reports, instances and segments. Clients must take them as opaque; here each names what it stands for."""

from __future__ import annotations

import re
from datetime import date

from ascrecon.simulator.analytics.catalogue import GRANULARITIES, REPORTS, Report
from ascrecon.simulator.analytics.instance import Instance

_NAMES = tuple(REPORTS)
_REPORT = re.compile(r"r(\d{1,2})-([0-9a-f-]{36})", re.ASCII)
_INSTANCE = re.compile(r"i(\d{1,2})([DWM])(\d{8})t(\d)-([0-9a-f-]{36})", re.ASCII)
_SEGMENT = re.compile(r"s(\d{1,3})(i.{1,80})", re.ASCII)
_LETTERS = {granularity[0]: granularity for granularity in GRANULARITIES}


def report_id(request_id: str, report: Report) -> str:
    return f"r{_NAMES.index(report.name)}-{request_id}"


def instance_id(instance: Instance) -> str:
    number = _NAMES.index(instance.report.name)
    stamp = f"{instance.granularity[0]}{instance.processed:%Y%m%d}"
    return f"i{number}{stamp}t{instance.twin}-{instance.request.id}"


def segment_id(instance: Instance, number: int) -> str:
    return f"s{number}{instance_id(instance)}"


def read_report_id(text: str) -> tuple[str, Report] | None:
    """Request id and report."""
    found = _REPORT.fullmatch(text)
    report = _report(found[1]) if found else None
    return (found[2], report) if found and report else None


def read_instance_id(text: str) -> tuple[str, Report, str, date, int] | None:
    """Request id, report, granularity, processing date, and which of twins."""
    found = _INSTANCE.fullmatch(text)
    report = _report(found[1]) if found else None
    if found is None or report is None:
        return None
    try:
        processed = date.fromisoformat(found[3])
    except ValueError:
        return None
    return found[5], report, _LETTERS[found[2]], processed, int(found[4])


def read_segment_id(text: str) -> tuple[int, str] | None:
    """Number of the segment and the id of its instance."""
    found = _SEGMENT.fullmatch(text)
    return (int(found[1]), found[2]) if found else None


def _report(number: str) -> Report | None:
    return REPORTS[_NAMES[int(number)]] if int(number) < len(_NAMES) else None
