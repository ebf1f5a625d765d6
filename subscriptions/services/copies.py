"""Signed transactions and renewals as rows. What cannot be read counts as unknown, and is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ascrecon.storeserver.text import Fields
from reports.models import App
from subscriptions.models import Notification, SignedRenewal, SignedTransaction

#: Whose state changes: app, environment, original transaction ID.
Key = tuple[int, str, str]


@dataclass(frozen=True)
class Origin:
    """Where a signed object came from; the same for all that came together."""

    app: App
    environment: str
    source: str
    chain_id: int
    received_at: datetime
    signed_ms: int
    notification: Notification | None = None
    distrusted: bool = False


def transaction_copy(payload: Mapping[str, Any], sha256: str, jws: str, origin: Origin) -> SignedTransaction | None:
    """The row of a JWSTransactionDecodedPayload; None where its ids are missing, without which it belongs nowhere.

    Source: Apple documentation, JWSTransactionDecodedPayload.
    """
    fields = Fields(payload)
    transaction_id, line_item = fields.text("transactionId"), fields.text("webOrderLineItemId")
    if not transaction_id or not fields.text("originalTransactionId"):
        return None
    return SignedTransaction(
        **_common(fields, payload, sha256, jws, origin),
        transaction_id=transaction_id,
        line_item_id=line_item,
        purchase_key=line_item or transaction_id,
        group_id=fields.text("subscriptionGroupIdentifier"),
        type=fields.text("type"),
        ownership=fields.text("inAppOwnershipType"),
        reason=fields.text("transactionReason"),
        storefront=fields.text("storefront"),
        quantity=fields.whole("quantity"),
        purchase_ms=fields.whole("purchaseDate"),
        original_purchase_ms=fields.whole("originalPurchaseDate"),
        expires_ms=fields.whole("expiresDate"),
        price=fields.whole("price"),
        is_upgraded=fields.flag("isUpgraded"),
        revocation_ms=fields.whole("revocationDate"),
        revocation_reason=fields.small("revocationReason"),
        revocation_type=fields.text("revocationType"),
        revocation_percentage=fields.whole("revocationPercentage"),
        previous_original_id=fields.text("previousOriginalTransactionId"),
        problems=fields.problems,
    )


def renewal_copy(
    payload: Mapping[str, Any], sha256: str, jws: str, origin: Origin, status: int | None = None
) -> SignedRenewal | None:
    """The row of a JWSRenewalInfoDecodedPayload; None where it names no subscription.

    `status` is Apple's status that came with it. Source: Apple documentation, JWSRenewalInfoDecodedPayload.
    """
    fields = Fields(payload)
    if not fields.text("originalTransactionId"):
        return None
    return SignedRenewal(
        **_common(fields, payload, sha256, jws, origin),
        status=status,
        auto_renew_product_id=fields.text("autoRenewProductId"),
        auto_renew=fields.small("autoRenewStatus"),
        expiration_intent=fields.small("expirationIntent"),
        in_billing_retry=fields.flag("isInBillingRetryPeriod"),
        grace_expires_ms=fields.whole("gracePeriodExpiresDate"),
        price_increase=fields.small("priceIncreaseStatus"),
        renewal_ms=fields.whole("renewalDate"),
        renewal_price=fields.whole("renewalPrice"),
        recent_start_ms=fields.whole("recentSubscriptionStartDate"),
        problems=fields.problems,
    )


def _common(fields: Fields, payload: Mapping[str, Any], sha256: str, jws: str, origin: Origin) -> dict[str, Any]:
    signed_ms = fields.whole("signedDate")
    return {
        "app": origin.app,
        "environment": origin.environment,
        "source": origin.source,
        "chain_id": origin.chain_id,
        "received_at": origin.received_at,
        "notification": origin.notification,
        "distrusted": origin.distrusted,
        "signed_ms": origin.signed_ms if signed_ms is None else signed_ms,
        "sha256": sha256,
        "jws": jws,
        "payload": dict(payload),
        "original_id": fields.text("originalTransactionId"),
        "app_account_token": fields.token("appAccountToken"),
        "app_transaction_id": fields.text("appTransactionId"),
        "product_id": fields.text("productId"),
        "currency": fields.text("currency"),
        "offer_type": fields.small("offerType"),
        "offer_id": fields.text("offerIdentifier"),
        "offer_discount": fields.text("offerDiscountType"),
    }


def store(transactions: Iterable[SignedTransaction], renewals: Iterable[SignedRenewal]) -> set[Key]:
    """Keep copies that are not there yet; returns the subscriptions that they tell of, new or not."""
    transactions, renewals = list(transactions), list(renewals)
    SignedTransaction.objects.bulk_create(transactions, ignore_conflicts=True, batch_size=500)
    SignedRenewal.objects.bulk_create(renewals, ignore_conflicts=True, batch_size=500)
    copies: list[SignedTransaction | SignedRenewal] = [*transactions, *renewals]
    return {(copy.app_id, copy.environment, copy.original_id) for copy in copies}
