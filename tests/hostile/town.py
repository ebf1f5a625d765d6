"""Books full of harmful text, which came in by the doors that everybody uses: pages, commands, Apple, files."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ascrecon.jobs.models import UNFINISHED, Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.authority import new_authority
from ascrecon.simulator.subscriptions.built import steps_of
from ascrecon.simulator.subscriptions.steps import Shop, payload
from reports.models import Account, App, ConsoleExport, DeliveryState, Finding
from subscriptions.models import RuleSetting
from tests.doors import ask, told
from tests.hostile.payloads import hostile, hostile_address, hostile_name, hostile_short, quoted
from tests.make_files import (
    DAY,
    NOTES,
    SALES_2020,
    VENDOR,
    days_from,
    download,
    earning,
    metric_export,
    payments_export,
    region_report,
    sale,
    sales_report,
    write,
)
from tests.subscription_files import event, event_report, state, state_report, subscriber, subscriber_report

ADMIN = "/admin"
ISSUER = "57246542-96fe-1a63-e053-0824d011072a"
#: Columns of a sales report that take any text.
SALES_TEXTS = ("Developer", "Title", "Version", "Promo Code", "Subscription", "Category", "Client")
RULE = {
    "title": hostile("rule title"),
    "key": "app_units_hostile",
    "enabled": "on",
    "console_kind": "A1",
    "console_metric": "app_units",
    "api_report": "SALES/SUMMARY/DAILY",
    "api_measure": "units",
    "api_filter": '{"product_type": ["1*"]}',
    "alternative_filter": "null",
    "timezone": "America/Los_Angeles",
    "cut": "app",
    "grain": "day",
    "additive": "on",
    "tolerance": "0",
    "tolerance_percent": "0",
    "completeness_days": "2",
    "covers": hostile_short("covers"),
    "notes": hostile("rule notes"),
}


@dataclass
class Town:
    """Fills the books through the browser of an owner; `address` is Apple's."""

    client: Client
    folder: Path
    address: str

    def fill(self) -> None:
        self.set_up()
        self.pull()
        self.load()
        self.upload()
        self.compare()
        self.work()
        self.send()
        self.hand_over()
        told("digest")

    def post(self, path: str, data: dict[str, Any]) -> None:
        """A form that must be taken: a form that is shown again has an error in it."""
        response = self.client.post(f"{ADMIN}{path}", data)
        assert response.status_code == 302, (
            path,
            re.findall("errorlist.*?</ul>", response.content.decode(), re.DOTALL),
        )

    # One step of the work each

    def set_up(self) -> None:
        self.post("/reports/account/add/", {
            "name": hostile("account name"), "issuer_id": ISSUER, "key_id": "2X9R4HXF34", "new_key": new_key(),
            "vendor_numbers": VENDOR, "base_url": self.address,
        })  # fmt: skip
        self.post("/reports/rule/add/", RULE)
        self.post("/reports/fiscalmonth/add/", {
            "year": 2031, "month": 1, "start": "2030-09-29", "end": "2030-11-02", "source": hostile("source"),
        })  # fmt: skip
        self.post("/reports/digestschedule/add/", {
            "name": hostile_short("digest name"), "enabled": "on", "recipients": hostile_address("recipient"),
            "hour": 6, "weekdays": "1,2,3,4,5,6,7", "minimum_severity": "info",
        })  # fmt: skip
        self.add_user()

    def add_user(self) -> None:
        password = "a quite long Pass phrase 77"
        self.post("/auth/user/add/", {
            "username": "javascript", "email": hostile_address("email"), "usable_password": "true",
            "password1": password, "password2": password,
        })  # fmt: skip

    def pull(self) -> None:
        """The list of apps comes and the analytics reports; every sales and finance report is refused."""
        account = self.account
        self.client.post(f"{ADMIN}/reports/account/{account.pk}/test/")
        self.command("sync", "--now", "--from", DAY, "--to", DAY + timedelta(days=1))
        self.post(
            f"/reports/account/{account.pk}/change/",
            self.account_form(account) | {"sync_enabled": "on", "pull_analytics": "on"},
        )
        self.command("sync", "--now", "--from", DAY, "--to", DAY + timedelta(days=1))

    def account_form(self, account: Account) -> dict[str, Any]:
        vendor = account.vendors.get()
        return {
            "name": account.name, "issuer_id": ISSUER, "key_id": "2X9R4HXF34", "base_url": self.address,
            "vendors-TOTAL_FORMS": 1, "vendors-INITIAL_FORMS": 1, "vendors-0-id": vendor.pk,
            "vendors-0-account": account.pk, "vendors-0-number": VENDOR, "vendors-0-label": hostile_short("label"),
        }  # fmt: skip

    def load(self) -> None:
        """Three days of sales, one of them with a row that is refused, subscription reports, and a finance report."""
        folder = self.folder / hostile_name("folder")
        header = [*SALES_2020, hostile("column")]
        for which, day in zip(("first", "second"), days_from(DAY, 2), strict=True):
            name = hostile_name(f"{which} sales file", ".txt")
            file = sales_report(folder, *sales_rows(), day=day, header=header, name=name)
            self.command("load_report", file, "--account", hostile("account name"))
        broken = sales_report(
            folder, sale(3, **{"Version": "1"}), {**sale(), "Units": hostile("units")}, day=DAY + timedelta(days=2)
        )
        self.command("load_report", broken)
        texts = {"Subscription_Name": hostile("subscription name"), "App_Name": hostile("reported app")}
        self.command("load_report", state_report(folder, state(5, State=hostile("state"), **texts)))
        self.command("load_report", event_report(folder, event(hostile("event"), 2, **texts)))
        self.command("load_report", subscriber_report(folder, subscriber(1, Refund=hostile("refund"), **texts)))
        month = region_report(folder, "CH", finance_row(), name=hostile_name("finance file", ".txt"))
        self.command("load_report", month)

    def upload(self) -> None:
        """One export that counts, one with a rejected row that waits, one in an archive, one that is withdrawn."""
        app = quoted(hostile("app name"))
        days = dict.fromkeys(days_from(DAY, 3), 9)
        self.hand_in(metric_export(self.folder, days, app=app, name="units.csv"), hostile_name("export file", ".csv"))
        export = ConsoleExport.objects.get()
        self.post(f"/reports/consoleexport/{export.pk}/confirm/", {})
        self.hand_in(
            metric_export(self.folder, days | {DAY: quoted(hostile("value"))}, app=quoted(hostile("other app")),
                          metric="Sessions", filters=[f"{quoted(hostile('filter'))},{quoted(hostile('filtered'))}"]),
            hostile_name("waiting file", ".csv"),
        )  # fmt: skip
        packed = metric_export(self.folder, days, app=app, metric="Crashes").read_bytes()
        self.hand_in(zipped(self.folder, {hostile_name("member file", ".csv"): packed}), "many.zip")
        self.hand_in(payments_export(self.folder, {quoted(f"{hostile('region')} (CHF)"): "7.00"}), "money.csv")
        self.run_jobs()

    def compare(self) -> None:
        last = DAY + timedelta(days=2)
        self.post("/reports/run/start/", {"period_start": str(DAY), "period_end": str(last)})
        self.run_jobs()

    def work(self) -> None:
        """A person works on two findings, and withdraws nothing that counts."""
        finding, other = Finding.objects.filter(kind="value_mismatch").order_by("pk")[0], self.incident
        for action in ("explain", "wait"):
            path = f"/reports/finding/{finding.pk}/{action}/work/"
            self.post(path, {"reason": hostile(f"reason {action}")})
        self.post(f"/reports/finding/{other.pk}/resolve/work/", {"reason": hostile("reason resolve")})
        waiting = ConsoleExport.objects.filter(state=DeliveryState.PREVIEWED)
        for export in waiting.filter(file_name__contains="money"):
            self.post(f"/reports/consoleexport/{export.pk}/confirm/", {"accept_rejects": "on"})
        self.run_jobs()
        for export in ConsoleExport.objects.filter(file_name__contains="money", state=DeliveryState.LOADED):
            self.post(f"/reports/consoleexport/{export.pk}/withdraw/", {"reason": hostile("reason withdraw")})

    def send(self) -> None:
        """The App Store tells of a purchase and its refund; somebody else sends what is none."""
        authority = new_authority()
        authority.write_root(Path(settings.ASCRECON_APPLE_ROOTS))
        shop = Shop(authority, hostile("bundle id"), NOTES)
        address = f"/notifications/{self.account.pk}/production/"
        for number, step in enumerate(steps_of("refund").values()):
            texts = {
                "productId": "product",
                "currency": "currency",
                "subscriptionGroupIdentifier": "group",
                "appAccountToken": "token",
                "appTransactionId": "apple account",
                "storefront": "storefront",
            }
            bought = {**step.transaction, **{name: hostile_short(text) for name, text in texts.items()}}
            content = payload(replace(step, transaction=bought), shop, UUID(int=number + 1))
            told_by = {**content, "subtype": hostile_short("subtype"), hostile("unknown kind"): hostile("unknown")}
            body = {"signedPayload": authority.sign(told_by)}
            assert self.client.post(address, body, content_type="application/json").status_code == 200
        self.client.post(address, {"signedPayload": hostile("payload")}, content_type="application/json")
        # One rule tells what Apple wrote; the others would push older findings out of the walk.
        RuleSetting.objects.exclude(code="A38").update(enabled=False)
        self.run_jobs()
        key = {"key_id": "2X9R4HXF34", "issuer_id": ISSUER, "new_key": new_key(), "server_api_url": self.address}
        self.post(f"/subscriptions/serverkey/account/{self.account.pk}/key/", key)

    def hand_over(self) -> None:
        """Own data: a price list with a column that nobody reads and a row that is refused."""
        text = (
            f"product_id,storefront,currency,price,{quoted(hostile('own column'))}\n"
            f"{quoted(hostile_short('own product'))},USA,USD,1.00,\n"
            f"{quoted(hostile_short('other product'))},USA,USD,{quoted(hostile('own price'))},\n"
        )
        chosen = SimpleUploadedFile("x", text.encode())
        chosen._name = hostile_name("own file", ".csv")  # type: ignore[attr-defined]
        told_of = {"kind": "prices", "account": self.account.pk, "taken_at": f"{DAY}T00:00"}
        self.post("/subscriptions/dataupload/upload/", {"chosen": chosen, **told_of})

    # What the steps need

    @property
    def account(self) -> Account:
        return Account.objects.get(vendors__number=VENDOR)

    @property
    def app(self) -> App:
        return App.objects.get(apple_id=NOTES)

    @property
    def incident(self) -> Finding:
        return Finding.objects.filter(kind="api_incident").order_by("pk")[0]

    def command(self, *arguments: object) -> None:
        """A command may refuse a file; it never breaks."""
        assert ask(str(arguments[0]), *arguments[1:]).code in (0, 1, 2, 3)

    def hand_in(self, file: Path, name: str) -> None:
        chosen = SimpleUploadedFile("x", file.read_bytes())
        # Past Django's own class, which cuts a name at its slashes.
        chosen._name = name  # type: ignore[attr-defined]
        data = {"chosen": [chosen], "account": self.account.pk}
        self.post("/reports/consoleexport/upload/", data)

    def run_jobs(self) -> None:
        for job in Job.objects.filter(UNFINISHED).order_by("pk"):
            run_now(job)


def sales_rows() -> list[dict[str, str]]:
    texts = {name: hostile(f"sales {name}") for name in SALES_TEXTS} | {"Device": hostile_short("device")}
    bought = {**sale(3), **texts, "SKU": hostile("product sku"), "Parent Identifier": hostile("app sku")}
    found = {**download(5), **texts, "SKU": hostile("app sku"), hostile("column"): hostile("extra")}
    return [bought, found]


def finance_row() -> dict[str, str]:
    texts = {name: hostile(f"finance {name}") for name in ("Title", "Promo Code", "Artist/Show/Developer/Author")}
    return {**earning(2), **texts, "Vendor Identifier": hostile("finance sku")}


def zipped(folder: Path, files: dict[str, bytes]) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return write(folder, "many.zip", buffer.getvalue())


def new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
