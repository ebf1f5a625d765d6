"""One row of each table, made by hand, for tests that look at every page."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from reports.models import App
from subscriptions.models import (
    Customer,
    DataReject,
    DataUpload,
    LoginRow,
    Notification,
    Purchase,
    Refund,
    RefusedPayload,
    RuleSetting,
    ServerKey,
    SigningChain,
    Subscription,
)
from tests.factories import MORNING

TOKEN = "aaaaaaaa-0000-4000-8000-000000000001"
SOLD = 1_767_225_600_000  # 2026-01-01
MONTH = 30 * 86_400_000


def one_upload(app: App, number: int, text: str) -> DataUpload:
    """Own data with a row and a rejected line; its bytes are really in the store."""
    stored_as = f"own/{app.account_id}/{number}"
    default_storage.save(stored_as, ContentFile(TOKEN.encode()))
    upload = DataUpload.objects.create(
        account=app.account, kind="users", file_name=f"{text}.csv", sha256=f"{number:064x}", size=36,
        stored_as=stored_as, taken_at=MORNING, received_at=MORNING, state="loaded", rows_read=2, rows_accepted=1,
        rows_rejected=1, warnings=[text], message=text,
    )  # fmt: skip
    LoginRow.objects.create(pk=(upload.pk << 32) + 2, upload=upload, token=TOKEN)
    DataReject.objects.create(upload=upload, line=3, column=text, seen=f"{text} {TOKEN}", why=text)
    return upload


def one_of_each(app: App, number: int = 1, text: str = "M") -> dict[str, Any]:
    """Primary keys by model. `text` stands wherever Apple decides what is written."""
    mine: dict[str, Any] = {"app": app, "environment": "production", "original_id": str(100 + number)}
    chain = SigningChain.objects.create(
        fingerprint=f"{number:064x}", subject=f"CN={text}", not_after=MORNING, certificates=[]
    )
    notification = Notification.objects.create(
        **mine, account=app.account, uuid=uuid4(), source="webhook", state="processed", kind="data", type=text,
        subtype=text, bundle_id=app.bundle_id, signed_ms=SOLD, received_at=MORNING, last_received_at=MORNING,
        chain=chain, sha256="0" * 64, signed_payload="a.b.c", transaction_id="1", problems=[text],
        payload={"data": {"x": text}}, inner={"signedTransactionInfo": {"appAccountToken": TOKEN, "x": text}},
    )  # fmt: skip
    customer = Customer.objects.create(
        app=app, environment="production", key_kind="app_transaction", key=f"{text}{number}"
    )
    subscription = Subscription.objects.create(
        **mine, customer=customer, product_id=text, group_id=text, transaction_id="1", price=9990, currency="USD",
        newest_ms=SOLD, status=1, app_account_token=TOKEN, started_ms=SOLD, expires_ms=SOLD + MONTH,
    )  # fmt: skip
    purchase = Purchase.objects.create(
        **mine, purchase_key=str(number), transaction_id="1", transactions=1, contradicts=False, counts=True,
        product_id=text, price=9990, currency="USD", purchase_ms=SOLD, expires_ms=SOLD + MONTH,
        app_account_token=TOKEN,
    )  # fmt: skip
    refund = Refund.objects.create(
        **mine, purchase_key=str(number), transaction_id="1", episode=1, kind="refund", at_ms=SOLD, signed_ms=SOLD,
        amount=-9990, currency="USD",
    )  # fmt: skip
    refused = RefusedPayload.objects.create(
        account=app.account, environment="production", hour=MORNING, reason=f"signature{number}", last_at=MORNING,
        last_sha256="0" * 64, sentence=text,
    )  # fmt: skip
    upload = one_upload(app, number, text)
    # Of its own: distrusting the other one would take the rows above out of the books, as it should.
    chain = SigningChain.objects.create(
        fingerprint=f"{number + 5000:064x}", subject=f"CN={text}", not_after=MORNING, certificates=[]
    )
    rule, _ = RuleSetting.objects.get_or_create(code="A01")
    key, _ = ServerKey.objects.get_or_create(
        account=app.account, defaults={"key_id": f"K{number}", "issuer_id": text, "private_key_encrypted": "x"}
    )
    rows = (rule, upload, key, notification, customer, subscription, purchase, refund, refused, chain)
    return {str(row._meta.model_name): row.pk for row in rows}
