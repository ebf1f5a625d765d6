"""Deliveries, runs and findings as the JSON documents of the commands. Amounts are text, unknown is null."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reports.models import Delivery, Finding
from reports.reconcile.run import RunResult
from reports.services.overlaps import plain
from reports.wording import counted


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """One file of `load_report` or `import_export`."""
    totals = {"units": None, "by_currency": {}, "refund_rows": 0, "partial_refund_rows": 0} | delivery.totals
    return {
        "file": delivery.file_name,
        "sha256": delivery.raw_file.sha256,
        "side": delivery.side,
        "kind": delivery.kind,
        "report": delivery.report,
        "state": delivery.state,
        "language": delivery.language,
        "account": delivery.account.name if delivery.account else None,
        "vendor_number": delivery.vendor.number if delivery.vendor else None,
        "app": str(delivery.app) if delivery.app else None,
        "apple_id": delivery.app.apple_id if delivery.app else None,
        "region": delivery.region_code or None,
        "from": delivery.period_start,
        "to": delivery.period_end,
        "grain": delivery.grain,
        "timezone": delivery.timezone,
        "currency": delivery.currency or None,
        "rows_read": delivery.rows_read,
        "rows_accepted": delivery.rows_accepted,
        "rows_rejected": delivery.rows_rejected,
        "rejections": list(delivery.rejects.values("line", "column", "seen", "why")),
        "totals": totals,
        "ties": delivery.ties,
        "overlaps": delivery.overlaps,
        "warnings": delivery.warnings,
    }


def delivery_line(delivery: Delivery) -> str:
    """The same for people, in one line."""
    what = " ".join(filter(None, (delivery.kind, delivery.report, delivery.region_code, str(delivery.app or ""))))
    rejected = f", {delivery.rows_rejected:,} rejected" if delivery.rows_rejected else ""
    return (
        f"{delivery.file_name}: {what}, {delivery.period_start} to {delivery.period_end}, "
        f"{counted(delivery.rows_accepted, 'row')}{rejected}, {delivery.get_state_display()} ({delivery.account})"
    )


def finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.public_id,
        "kind": finding.kind,
        "cause": finding.cause,
        "severity": finding.severity,
        "state": finding.state,
        "account": finding.account.name,
        "vendor_number": finding.vendor.number if finding.vendor else None,
        "app": str(finding.app) if finding.app else None,
        "apple_id": finding.app.apple_id if finding.app else None,
        "report": finding.report,
        "metric": finding.metric,
        "cut": finding.cut,
        "member": finding.member,
        "currency": finding.currency or None,
        "from": finding.from_day,
        "to": finding.to_day,
        **{
            name: _value(finding, name)
            for name in ("api_value", "console_value", "difference", "explained", "residual")
        },
        "money_at_risk": finding.money_at_risk,
        "first_seen": finding.first_seen,
        "last_seen": finding.last_seen,
        "message": finding.message,
        "next_step": finding.next_step,
        "evidence": [{name: item.get(name) for name in ("file", "sha256", "line")} for item in finding.evidence],
    }


def _value(finding: Finding, name: str) -> str | None:
    value: Decimal | None = getattr(finding, name)
    if value is None:
        return None
    return str(value) if finding.currency else plain(value)


def finding_line(finding: Finding) -> str:
    return f"{finding.public_id}  {finding.severity:8}  {finding.state:8}  {finding.message}"


def run_json(result: RunResult) -> dict[str, Any]:
    run = result.run
    return {
        "run": run.pk,
        "from": run.period_start,
        "to": run.period_end,
        "compared": run.compared,
        "equal": run.equal,
        "within_tolerance": run.within_tolerance,
        "findings": [finding_json(finding) for finding in result.findings],
        "by_rule": [entry for entry in result.by_rule if entry["compared"]],
    }


def run_lines(result: RunResult) -> list[str]:
    run = result.run
    lines = [
        f"Run {run.pk}, {run.period_start} to {run.period_end}: {run.compared:,} compared, {run.equal:,} equal, "
        f"{run.within_tolerance:,} within tolerance, {counted(len(result.findings), 'finding')}."
    ]
    lines += [
        f"  {entry['rule']}: {entry['compared']} compared, {entry['equal']} equal"
        + (f" ({entry['reading']})" if entry["reading"] else "")
        for entry in result.by_rule
        if entry["compared"]
    ]
    return lines + [finding_line(finding) for finding in result.findings]
