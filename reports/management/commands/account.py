from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction

from ascrecon.appstore import ProbeResult
from reports.management.base import Answer, BadInput, DoorCommand, Exit, chosen_account, seen_and_do
from reports.models import Account
from reports.services.accounts import NewAccount, add_account, rotate_keys, test_connection
from reports.sync.plan import plan_summary
from subscriptions.services.server_keys import set_server_key

#: The families of reports that are pulled; what the key may do beyond them is told, and fails nothing.
PULLED = ("apps", "sales", "finance")


class Command(DoorCommand):
    help = "Accounts of App Store Connect: add, test, list, rotate-keys."

    def add_options(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="add an account with its API key")
        add.add_argument("--name", required=True)
        add.add_argument("--issuer-id", default="", help="leave it out for an individual key")
        add.add_argument("--key-id", required=True)
        add.add_argument("--private-key", required=True, type=Path, metavar="FILE", help="the .p8 file")
        add.add_argument("--vendor-number", action="append", required=True, metavar="N", help="repeatable")
        add.add_argument("--base-url", default="", metavar="URL", help="default: Apple's own")
        add.add_argument("--no-analytics", action="store_true", help="leave the analytics reports of its apps out")
        add.add_argument("--iap-key-id", default="", help="of an In-App Purchase key, for the App Store Server API")
        add.add_argument("--iap-key", type=Path, metavar="FILE", help="its .p8 file")
        add.add_argument("--server-api-url", default="", metavar="URL", help="default: Apple's own")
        test = actions.add_parser("test", help="ask Apple once per family of reports")
        test.add_argument("--name", "--account", dest="name", help="default: every account with a key")
        listing = actions.add_parser("list", help="list the accounts")
        rotate = actions.add_parser("rotate-keys", help="encrypt stored keys with the first encryption key")
        for action in (add, test, listing, rotate):
            self.add_door_options(action)

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_options(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        match options["action"]:
            case "add":
                return added(options)
            case "test":
                return tested(accounts_to_test(options["name"]))
            case "rotate-keys":
                number = rotate_keys()
                return Answer({"rotated": number}, [f"{number} keys were encrypted anew."])
            case _:
                return listed()


def added(options: dict[str, Any]) -> Answer:
    new = NewAccount(
        name=options["name"],
        issuer_id=options["issuer_id"],
        key_id=options["key_id"],
        private_key=key_text(options["private_key"]),
        vendor_numbers=options["vendor_number"],
        base_url=options["base_url"],
        pull_analytics=not options["no_analytics"],
    )
    try:
        with transaction.atomic():
            account = add_account(new)
            add_iap_key(account, options)
    except ValidationError as exc:
        raise refused(exc, options["private_key"]) from exc
    test = shlex.join(["account", "test", "--name", account.name])
    return Answer(told(account), [f"Account {account.name} was added. Try it: {test}"])


def add_iap_key(account: Account, options: dict[str, Any]) -> None:
    """The key for the App Store Server API, where one is named: its id and its file together."""
    if not options["iap_key_id"] and not options["iap_key"]:
        return
    if not options["iap_key_id"] or not options["iap_key"]:
        raise BadInput("Only half of the In-App Purchase key was given.", "Give --iap-key-id and --iap-key.")
    try:
        set_server_key(account, options["iap_key_id"], key_text(options["iap_key"]), options["server_api_url"])
    except ValidationError as exc:
        raise refused(exc, options["iap_key"]) from exc


def refused(exc: ValidationError, key: Path) -> BadInput:
    """The first thing that is wrong, with the key's file where it is the key."""
    field, (message, *_) = next(iter(exc.message_dict.items()))
    return BadInput(*seen_and_do(message), file=str(key) if field == "private_key" else "")


def key_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise BadInput(f"The key file cannot be read ({exc.strerror}).", "Check its path.", file=str(path)) from exc
    except UnicodeDecodeError:
        # The text of this error holds bytes of the file, which may be the key's.
        raise BadInput("The key file is no text.", "Give AuthKey_<key id>.p8.", file=str(path)) from None


def accounts_to_test(name: str | None) -> list[Account]:
    account = chosen_account(name)
    accounts = [account] if account else [a for a in Account.objects.all() if a.has_key]
    if not accounts:
        raise BadInput("There is no account with a key.", "Add one with `account add`.")
    return accounts


def tested(accounts: Sequence[Account]) -> Answer:
    documents, lines, failed = [], [], False
    for account in accounts:
        results = probes_of(account)
        plan = plan_summary(account)
        failed |= not all(result.ok for result in results if result.family in PULLED)
        probes = [asdict(result) for result in results]
        documents.append({**told(account), "probes": probes, "plan": asdict(plan)})
        lines += [f"{account.name}: {line(result)}" for result in results]
        lines.append(f"{account.name}: {plan.sentence}")
    document: dict[str, Any] = {"accounts": documents}
    if failed:
        document["error"] = first_error(documents)
    return Answer(document, lines, code=Exit.APPLE_FAILED if failed else Exit.DONE)


def probes_of(account: Account) -> list[ProbeResult]:
    if not account.has_key:
        raise BadInput(f"The account {account.name!r} has no key.", "Enter its key on the account's page.")
    return test_connection(account)


def line(result: ProbeResult) -> str:
    of = f"{result.family} {result.vendor}".strip()
    return f"{of}: {'yes' if result.ok else 'NO'}. {result.message}"


def first_error(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    probes = [probe for document in documents for probe in document["probes"]]
    failed = next(probe for probe in probes if not probe["ok"] and probe["family"] in PULLED)
    return {"file": failed["family"], "line": None, "seen": failed["message"], "do": failed["missing"] or ""}


def listed() -> Answer:
    accounts = [told(account) for account in Account.objects.prefetch_related("vendors")]
    lines = [f"{a['name']}: vendor numbers {', '.join(a['vendor_numbers']) or 'none'}" for a in accounts]
    return Answer({"accounts": accounts}, lines or ["No account yet."])


def told(account: Account) -> dict[str, Any]:
    """What may be shown of an account: never its key."""
    return {
        "name": account.name,
        "issuer_id": account.issuer_id,
        "key_id": account.key_id,
        "key_kind": account.key_kind,
        "vendor_numbers": [vendor.number for vendor in account.vendors.all()],
        "base_url": account.base_url,
        "provisional": account.provisional,
        "connection_tested_at": account.connection_tested_at,
    }
