from __future__ import annotations

from reports.models import Cause, Finding

APPLE = "Apple (Contact Us in App Store Connect)"
EXPORTER = "Whoever downloaded the console export"
KEY_OWNER = "An administrator of the App Store Connect team"
ACCOUNT_HOLDER = "The Account Holder of the App Store Connect team"
CUSTOMER = "The customer: only the customer can end a subscription, and only Apple can refund it"
LOGINS = "The team of the app: it knows both logins and who the people are"
APP_TEAM = "The team of the app"
WEBHOOK = "Whoever runs ascrecon's web server"
NOBODY = "Nobody yet: it may settle by itself"

WHOM = {
    Cause.NOT_DELIVERED: APPLE,
    Cause.POSITIVE_ROWS_MISSING: APPLE,
    Cause.RESTATED: APPLE,
    Cause.SERVER_ERROR: APPLE,
    Cause.TRUNCATED_DOWNLOAD: APPLE,
    Cause.GHOST_REQUEST: APPLE,
    Cause.SEGMENT_EXPIRED: APPLE,
    Cause.CHECKSUM_MISMATCH: APPLE,
    Cause.TIMEZONE_SHIFT: EXPORTER,
    Cause.METRIC_DEFINITION: EXPORTER,
    Cause.FILTER_OR_SCOPE: EXPORTER,
    Cause.CURRENCY_CONVERSION: EXPORTER,
    Cause.IMPRESSIONS_INCLUDE_PAGE_VIEWS: EXPORTER,
    Cause.TRUNCATED: EXPORTER,
    Cause.REFUND_SIGN: EXPORTER,
    Cause.PER_UNIT_PRICE: EXPORTER,
    Cause.CREDENTIALS: KEY_OWNER,
    Cause.ROLE: KEY_OWNER,
    Cause.METHOD_NOT_ALLOWED: KEY_OWNER,
    Cause.BAD_REQUEST: KEY_OWNER,
    Cause.AGREEMENT: ACCOUNT_HOLDER,
    Cause.LOGIN_CHANGED: LOGINS,
    Cause.NOT_ENDED: CUSTOMER,
    Cause.BILLING_RETRY: CUSTOMER,
    Cause.TWO_APPLE_ACCOUNTS: CUSTOMER,
    Cause.CUSTOMER_CHANGE: NOBODY,
    Cause.INTRODUCTORY_OFFER: NOBODY,
    Cause.TOKEN_SET: APP_TEAM,
    Cause.OUTSIDE_APP: APP_TEAM,
    Cause.NOTIFICATION_LOST: WEBHOOK,
    Cause.WEBHOOK_UNREACHABLE: WEBHOOK,
    Cause.WRONG_ADDRESS: KEY_OWNER,
    Cause.NEW_FROM_APPLE: WEBHOOK,
    Cause.NOT_FINAL: NOBODY,
    Cause.PRIVACY_THRESHOLD: NOBODY,
    Cause.ROUNDING: NOBODY,
    Cause.RATE_LIMIT: NOBODY,
    Cause.TIMEOUT: NOBODY,
    Cause.CONNECTION_DROPPED: NOBODY,
}


def whom_to_ask(finding: Finding) -> str:
    """Who works on it already, else who can answer for a cause of this kind."""
    if finding.assignee is not None:
        return f"{finding.assignee.get_username()} works on it"
    return WHOM.get(Cause(finding.cause), "An analyst: no cause fits yet")
