"""Builds that are broken on purpose: each a small wrong change such as a programmer could really make.

The suite must notice every one of them. `tests` names the files that should; a canary that none of them catches shows
a hole in the suite, and wants a test.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Canary:
    """`find` stands exactly once in `file` and is replaced by `put`; `wrong` says what it does to people's figures."""

    name: str
    wrong: str
    file: str
    find: str
    put: str
    tests: tuple[str, ...]


def _in(folder: str) -> tuple[str, ...]:
    return tuple(f"tests/{name}" for name in folder.split())


CANARIES = (
    Canary(
        "row dropped",
        "the last row of every block of a report is not loaded",
        "reports/services/load_rows.py",
        "copy.write(chunk)",
        'copy.write(chunk[: chunk.rstrip(b"\\n").rfind(b"\\n") + 1])',
        _in("loading/test_load_report.py"),
    ),
    Canary(
        "reject not listed",
        "the first rejected line of a file is not written down",
        "reports/services/load_rows.py",
        "for r in tally.rejects\n",
        "for r in tally.rejects[1:]\n",
        _in("loading/test_load_report.py"),
    ),
    Canary(
        "file with rejects counts",
        "a file counts although some of its rows were rejected",
        "reports/services/deliveries.py",
        "DeliveryState.HELD if delivery.rows_rejected else DeliveryState.LOADED",
        "DeliveryState.LOADED",
        _in("loading/test_load_report.py"),
    ),
    Canary(
        "tolerance off by one",
        "a difference of one unit is let through",
        "reports/reconcile/lines.py",
        "greatest(%(tolerance)s::numeric,",
        "greatest(%(tolerance)s::numeric + 1,",
        _in("reconcile"),
    ),
    Canary(
        "sign of the difference",
        "API less console instead of console less API",
        "reports/reconcile/compare.py",
        "coalesce(b.console_value, 0) - coalesce(b.api_value, 0) AS difference",
        "coalesce(b.api_value, 0) - coalesce(b.console_value, 0) AS difference",
        _in("reconcile"),
    ),
    Canary(
        "float",
        "money goes through binary fractions on its way into figures",
        "reports/figures/derive.py",
        "sum(units * developer_proceeds) FILTER (WHERE developer_proceeds <> 0) AS proceeds",
        "sum((units * developer_proceeds)::float8) FILTER (WHERE developer_proceeds <> 0)::numeric AS proceeds",
        _in("loading/test_figures.py"),
    ),
    Canary(
        "sign of refunds",
        "a refund's customer price is taken with its sign, so that sales grow with refunds",
        "reports/figures/derive.py",
        "sum(units * abs(customer_price))",
        "sum(units * customer_price)",
        _in("loading/test_figures.py"),
    ),
    Canary(
        "currencies added",
        "proceeds of all currencies become one amount",
        "reports/figures/derive.py",
        '_figures("proceeds", currency="proceeds_currency"',
        '_figures("proceeds", currency="\'USD\'"',
        _in("loading/test_figures.py"),
    ),
    Canary(
        "older delivery wins",
        "of two deliveries of a day the older one counts",
        "reports/figures/vintages.py",
        "v.taken_on DESC, v.received_at DESC,",
        "v.taken_on, v.received_at,",
        _in("loading uploads"),
    ),
    Canary(
        "withdrawn still counts",
        "an export that was withdrawn goes on to count",
        "reports/figures/vintages.py",
        " AND d.state = %(loaded)s\n",
        "\n",
        _in("uploads"),
    ),
    Canary(
        "gzip trailer unread",
        "a download is taken without reading it to its check sum",
        "ascrecon/appstore/downloads.py",
        "unpacked_size = check_gzip(path, policy)",
        "unpacked_size = size",
        _in("appstore/test_downloads.py"),
    ),
    Canary(
        "404 swallowed",
        "an unknown 404 of Apple's is taken for a day without sales",
        "ascrecon/appstore/absent.py",
        "return Reason.UNKNOWN, Basis.TEXT",
        "return Reason.NO_SALES, Basis.TEXT",
        _in("appstore/test_reports.py"),
    ),
    Canary(
        "no sales believed at once",
        "one answer without sales makes a day final",
        "reports/coverage/ledger.py",
        "believed = cell.confirmations > len(waits)",
        "believed = True",
        _in("sync/test_ledger.py"),
    ),
    Canary(
        "pages dropped",
        "of a long list only the first two pages are read",
        "ascrecon/appstore/paging.py",
        "if following is None:",
        "if following is None or visited:",
        _in("appstore"),
    ),
    Canary(
        "token sent elsewhere",
        "the next page is fetched from any host, with the key's token",
        "ascrecon/appstore/paging.py",
        "if origin is None or origin != origin_of(url):",
        "if origin is None:",
        _in("appstore"),
    ),
    Canary(
        "Retry-After ignored",
        "Apple's wish to wait is not heard",
        "ascrecon/appstore/limits.py",
        "return None if seconds is None else min(max(seconds, 0.0), cap)",
        "return None",
        _in("appstore/test_limits.py"),
    ),
    Canary(
        "Pacific day in UTC",
        "what day it is is asked of UTC",
        "ascrecon/appstore/client.py",
        "self._clock().astimezone(PACIFIC).date()",
        "self._clock().date()",
        _in("appstore"),
    ),
    Canary(
        "finance report due a day early",
        "a finance report counts as late on the day on which it comes",
        "reports/sync/calendar.py",
        "day_after = first_friday_after(end) + timedelta(days=1)",
        "day_after = first_friday_after(end)",
        _in("sync/test_calendar.py"),
    ),
    Canary(
        "fiscal month by its last day",
        "a fiscal month that ends in the next calendar month takes that one's number",
        "reports/sync/fiscal.py",
        "date.fromordinal(end.toordinal() - 14)",
        "date.fromordinal(end.toordinal())",
        _in("sync loading"),
    ),
    Canary(
        "late days never told",
        "a report that is missing stays open for ever",
        "reports/coverage/ledger.py",
        "if at < cell.due + policy.grace:",
        "if at < cell.due + policy.grace * 1000:",
        _in("sync/test_ledger.py"),
    ),
    Canary(
        "resolved stays resolved",
        "a finding that somebody resolved is not opened again when its amount changes",
        "reports/findings/store.py",
        "if finding.state == FindingState.CLOSED or (changes and finding.state == FindingState.RESOLVED):",
        "if finding.state == FindingState.CLOSED:",
        _in("findings/test_history.py"),
    ),
    Canary(
        "gone stays open",
        "a finding that the data no longer show is not closed",
        "reports/findings/store.py",
        "    _close_rest(known, batch)\n    _write(batch)",
        "    _write(batch)",
        _in("findings/test_history.py"),
    ),
    Canary(
        "severity upside down",
        "small differences are high and large ones low",
        "reports/findings/severity.py",
        "share >= HIGH or",
        "share < HIGH or",
        _in("reconcile findings"),
    ),
    Canary(
        "sale like its refund",
        "rows that differ only in their sign are taken for equal",
        "reports/reconcile/unlike.py",
        'SIGNS = "units < 0, customer_price < 0, developer_proceeds < 0"',
        'SIGNS = "true"',
        _in("reconcile"),
    ),
    Canary(
        "regions counted twice",
        "the finance file of all regions and those of single regions are added",
        "reports/reconcile/compare.py",
        "        execute(ONE_COPY)\n",
        "        pass\n",
        _in("reconcile"),
    ),
    Canary(
        "stale days carried on",
        "a day of a long finding that was delivered anew keeps its old value beside a new day",
        "reports/reconcile/carried.py",
        "    if not all(_still_counts(day) for day in outside):\n        return None\n",
        "",
        _in("findings/test_new_day.py"),
    ),
    Canary(
        "young for ever",
        "a day that was not final yet keeps that cause beside a new day",
        "reports/reconcile/carried.py",
        "return day.period_end > seen_on - timedelta(days=rule.completeness_days)",
        "return day.period_end > seen_on",
        _in("findings/test_new_day.py"),
    ),
    Canary(
        "no look back",
        "that a product paused is never told, since only the day of its return shows it",
        "reports/detect/detectors.py",
        "TELLS_OF_DAYS_BEFORE = {MISSING_SALES: LOOK_BACK}",
        "TELLS_OF_DAYS_BEFORE = {MISSING_SALES: 0 * LOOK_BACK}",
        _in("findings/test_missing_sales.py"),
    ),
    Canary(
        "a first look that sees nothing",
        "after a new day no app is looked at for missing sales, but those that had lost some before",
        "reports/detect/missing_sales_screen.py",
        "return sorted({app for (app,) in fetch(SCREEN, known)} | _found_before(start, end))",
        "return sorted(_found_before(start, end))",
        _in("findings/test_missing_sales.py"),
    ),
    Canary(
        "totals always tie",
        "a finance file's own total is not held against its rows",
        "reports/ingest/totals.py",
        "ties=total.value == found,",
        "ties=True,",
        _in("ingest_parsers/test_finance.py"),
    ),
    Canary(
        "decimal comma misread",
        "1.234,56 of a spreadsheet becomes another number",
        "reports/files/numbers.py",
        'thousands, decimals = (",", ".") if form is NumberForm.POINT else (".", ",")',
        'thousands, decimals = (",", ".")',
        _in("files/test_numbers.py"),
    ),
    Canary(
        "unknown shown as zero",
        "a blank or a dash in an export becomes 0",
        "reports/files/numbers.py",
        "if bare in UNKNOWN:\n        return None",
        "if bare in UNKNOWN:\n        return Decimal(0)",
        _in("files/test_numbers.py console/test_analytics.py"),
    ),
    Canary(
        "bombs let through",
        "an archive may grow to any multiple of its size",
        "reports/files/unpack.py",
        "if self._is_out_of_proportion(size, packed) or self._is_out_of_proportion(self.total, self.packed):",
        "if not self.limits:",
        _in("files/test_unpack.py"),
    ),
    Canary(
        "job taken from another",
        "a worker that lost a job writes its end over the one that has it now",
        "ascrecon/jobs/claims.py",
        "Job.objects.filter(RUNNING, pk=job_id, token=token).update(",
        "Job.objects.filter(RUNNING, pk=job_id).update(",
        _in("jobs/test_service.py jobs/test_recovery.py"),
    ),
    Canary(
        "attempts not counted",
        "a job that kills its worker is tried for ever",
        "ascrecon/jobs/recovery.py",
        "if interruptions < conf.MAX_INTERRUPTIONS:",
        "if interruptions >= 0:",
        _in("jobs/test_recovery.py"),
    ),
    Canary(
        "mail sent again",
        "a digest that was sent stays in the outbox",
        "reports/digest/outbox.py",
        '_settle(message, State.SENT, "", sent_at=now)',
        '_settle(message, State.QUEUED, "", sent_at=now)',
        _in("digest"),
    ),
    Canary(
        "formula let through",
        "a product called =1+1 is calculated by the spreadsheet",
        "ascrecon/exporting.py",
        'return f"\'{text}" if is_formula(text.lstrip("\'")) else text',
        "return text",
        _in("admin/test_exports.py platform"),
    ),
    Canary(
        "files without permission",
        "anybody who signs in may download Apple's files",
        "reports/admin/raw_files.py",
        "raw = self.viewed(request, str(pk))",
        "raw = RawFile.objects.get(pk=pk)",
        _in("admin/test_permissions.py"),
    ),
    Canary(
        "key kept in clear",
        "Apple's private key stands in the database as it is",
        "reports/models/accounts.py",
        "self.private_key_encrypted = encrypt(pem)",
        "self.private_key_encrypted = pem",
        _in("accounts"),
    ),
)
