from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from reports.management.base import Answer, BadInput, DoorCommand, chosen_account, chosen_app
from reports.management.commands.load_report import existing
from reports.models import Account, App
from reports.wording import counted
from subscriptions.models import DataKind, DataState, DataUpload
from subscriptions.owndata.cells import moment_of
from subscriptions.selectors.own_data import accounts_for_upload
from subscriptions.services.own_data import About, accept, take_in


class Command(DoorCommand):
    help = (
        "Load a list that only you have: app logins, who has access, prices, or your calls of Set App Account Token. "
        "The newest list of a kind replaces the one before it as a whole. Columns: docs/subscriptions.md."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=DataKind.values, help="what it lists")
        parser.add_argument("file", type=Path, metavar="FILE", help="a .csv, .txt, .gz or .zip")
        parser.add_argument(
            "--taken-at", required=True, metavar="MOMENT", help="the moment of which it tells: 2026-11-20T09:00:00Z"
        )
        parser.add_argument("--account", help="the account's name; left out where there is only one")
        parser.add_argument("--app", type=int, metavar="APPLE_ID", help="of this app only; left out: of all its apps")
        parser.add_argument("--accept-rejects", action="store_true", help="count it although rows were rejected")

    def answer(self, options: dict[str, Any]) -> Answer:
        upload = take_in(existing(options["file"]), options["file"].name, about=_about(options))
        if upload.state == DataState.HELD:
            upload = _accepted(upload, accept_rejects=options["accept_rejects"])
        return Answer(upload_json(upload), [upload_line(upload)])


def _about(options: dict[str, Any]) -> About:
    try:
        taken_at = moment_of(options["taken_at"])
    except ValueError as exc:
        raise BadInput(f"--taken-at {options['taken_at']}: {exc}.", "Write it as 2026-11-20T09:00:00Z.") from exc
    app = chosen_app(options["app"])
    return About(DataKind(options["kind"]), _account(options["account"], app), taken_at, app)


def _account(name: str | None, app: App | None) -> Account:
    """The one that is named, else that of the app, else the only one that there is."""
    chosen = chosen_account(name) or (app.account if app else None)
    known = list(accounts_for_upload()[:2])
    if chosen is None and len(known) == 1:
        chosen = known[0]
    if chosen is None or chosen.provisional:
        raise BadInput("It is not clear of which account this is.", "Name one with --account.")
    return chosen


def _accepted(upload: DataUpload, *, accept_rejects: bool) -> DataUpload:
    if accept_rejects:
        return accept(upload)
    first = upload.rejects.first()
    raise BadInput(
        f"{upload.rows_rejected} of {upload.rows_read} rows were rejected"
        + (f". First: {first.why} ({first.column}: {first.seen!r})." if first else "."),
        "Correct the file, or accept the loss with --accept-rejects.",
        file=upload.file_name, line=first.line if first else None,
    )  # fmt: skip


def upload_json(upload: DataUpload) -> dict[str, Any]:
    """What became of the file, as the other loading commands tell it."""
    return {
        "file": upload.file_name,
        "sha256": upload.sha256,
        "kind": upload.kind,
        "state": upload.state,
        "account": upload.account.name,
        "app": str(upload.app) if upload.app else None,
        "apple_id": upload.app.apple_id if upload.app else None,
        "taken_at": upload.taken_at,
        "rows_read": upload.rows_read,
        "rows_accepted": upload.rows_accepted,
        "rows_rejected": upload.rows_rejected,
        "rejections": list(upload.rejects.values("line", "column", "seen", "why")),
        "warnings": upload.warnings,
    }


def upload_line(upload: DataUpload) -> str:
    rejected = f", {upload.rows_rejected:,} rejected" if upload.rows_rejected else ""
    return (
        f"{upload.file_name}: {upload.get_kind_display()} of {upload.taken_at:%Y-%m-%d %H:%M} UTC, "
        f"{counted(upload.rows_accepted, 'row')}{rejected}, {upload.get_state_display()} ({upload.account})"
    )
