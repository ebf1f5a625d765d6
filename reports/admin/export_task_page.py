"""The page "Ask for an export": which periods its address names, and the text for a colleague."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode

from ascrecon import clock
from reports.admin.calendar_page import MONTH, month_of
from reports.admin.filters import MOST_DIGITS
from reports.models import CoverageCell
from reports.selectors.calendar import Scope, end_of
from reports.selectors.export_tasks import NOT_DELIVERED, ExportTask, letter, missing

MOST_ASKED = 500


def task_address(*, cells: Iterable[int] = (), scope: Scope | None = None, month: date | None = None) -> str:
    """The page for some cells, or for what is missing of an app or account in a month."""
    query: dict[str, Any] = {}
    if scope is not None and month is not None:
        query = {"app": scope.app.pk} if scope.app else {"account": scope.account.pk}
        query[MONTH] = f"{month:%Y-%m}"
    else:
        query["cells"] = ",".join(map(str, cells))
    return f"{reverse('admin:reports_coveragecell_task')}?{urlencode(query)}"


def asked_cells(asked: Mapping[str, Any]) -> list[CoverageCell]:
    """The cells that an address of the page means; none where it cannot be read."""
    cells = CoverageCell.objects.select_related("account", "app", "vendor")
    if named := _numbers(str(asked.get("cells", ""))):
        return list(cells.filter(pk__in=named[:MOST_ASKED]).order_by("date"))
    app, account = _numbers(str(asked.get("app", ""))), _numbers(str(asked.get("account", "")))
    if not app and not account:
        return []
    whose = Q(app__in=app) if app else Q(account__in=account, app=None)
    month = month_of(str(asked.get(MONTH, "")), clock.today("UTC"))
    return list(missing(cells.filter(whose), month, end_of(month))[:MOST_ASKED])


def task_context(found: Sequence[ExportTask], page: str, to: str = "", reason: str = NOT_DELIVERED) -> dict[str, Any]:
    """`page`: the path of this page; `to`: the address of whoever does it; `reason`: a sentence."""
    text = letter(found, page, to, reason) if any(task.export for task in found) else None
    return {"tasks": found, "letter": text, "letter_rows": text.text.count("\n") + 4 if text else 0}


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part.isascii() and part.isdigit() and len(part) <= MOST_DIGITS]
