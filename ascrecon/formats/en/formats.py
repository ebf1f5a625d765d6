"""Dates as ISO dates and moments with their zone named, wherever Django writes one (FORMAT_MODULE_PATH)."""

from __future__ import annotations

DATE_FORMAT = SHORT_DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "Y-m-d H:i e"
TIME_FORMAT = "H:i e"
FIRST_DAY_OF_WEEK = 1
