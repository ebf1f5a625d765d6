"""Apple's notification types in plain words. Source: Apple documentation, notificationType and subtype."""

from __future__ import annotations

WORDS = {
    ("SUBSCRIBED", "INITIAL_BUY"): "bought for the first time",
    ("SUBSCRIBED", "RESUBSCRIBE"): "bought again after it had ended",
    ("DID_RENEW", ""): "renewed",
    ("DID_RENEW", "BILLING_RECOVERY"): "a renewal that had failed was paid after all",
    ("DID_CHANGE_RENEWAL_PREF", "UPGRADE"): "another plan at once",
    ("DID_CHANGE_RENEWAL_PREF", "DOWNGRADE"): "another plan from the next renewal on",
    ("DID_CHANGE_RENEWAL_PREF", ""): "the change of plan was taken back",
    ("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_ENABLED"): "renewal was switched on",
    ("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_DISABLED"): "renewal was switched off",
    ("OFFER_REDEEMED", ""): "an offer was redeemed",
    ("DID_FAIL_TO_RENEW", "GRACE_PERIOD"): "billing failed, service goes on meanwhile",
    ("DID_FAIL_TO_RENEW", ""): "billing failed, Apple tries again for 60 days",
    ("GRACE_PERIOD_EXPIRED", ""): "grace is over, Apple goes on trying",
    ("EXPIRED", "VOLUNTARY"): "ended: it was cancelled",
    ("EXPIRED", "BILLING_RETRY"): "ended: it was never paid",
    ("EXPIRED", "PRICE_INCREASE"): "ended: the higher price was not accepted",
    ("EXPIRED", "PRODUCT_NOT_FOR_SALE"): "ended: the product is no longer sold",
    ("PRICE_INCREASE", "PENDING"): "a higher price was announced",
    ("PRICE_INCREASE", "ACCEPTED"): "the higher price was accepted",
    ("REFUND", ""): "Apple gave money back",
    ("REFUND_DECLINED", ""): "Apple gave no money back",
    ("REFUND_REVERSED", ""): "a refund was taken back",
    ("CONSUMPTION_REQUEST", ""): "the customer asks for a refund",
    ("REVOKE", ""): "family sharing ended",
    ("RENEWAL_EXTENDED", ""): "the period was made longer",
    ("ONE_TIME_CHARGE", ""): "bought once",
}


def in_words(kind: str, subtype: str) -> str:
    """What a notification says, or '' for one that has no words here."""
    return WORDS.get((kind, subtype), "")
