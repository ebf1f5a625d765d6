"""The tokens that commands, JSON and pages share. Extend them; never rename one: others rely on them."""

from __future__ import annotations

from django.db import models


class Side(models.TextChoices):
    API = "api", "Apple's API"
    CONSOLE = "console", "Console export"


class Kind(models.TextChoices):
    """What a file is: a report of the API, or one of the console's exports."""

    SALES = "SALES", "Sales report"
    FINANCIAL = "FINANCIAL", "Finance report"
    FINANCE_DETAIL = "FINANCE_DETAIL", "Finance report, detailed"
    SUBSCRIPTION = "SUBSCRIPTION", "Subscription report"
    SUBSCRIPTION_EVENT = "SUBSCRIPTION_EVENT", "Subscription event report"
    SUBSCRIBER = "SUBSCRIBER", "Subscriber report"
    ANALYTICS = "ANALYTICS", "Analytics report"
    A1 = "A1", "App Analytics metric"
    A2 = "A2", "App Analytics metric, broken down"
    P = "P", "Payments and Financial Reports"
    F1 = "F1", "Finance report, downloaded"
    F2 = "F2", "Finance report, detailed, downloaded"
    R = "R", "Sales and Trends report, downloaded"


class SubscriptionReport(models.TextChoices):
    """The subscription reports of Sales and Trends by their names in the ledger, each of one day and all apps."""

    STATE = "SUBSCRIPTION/SUMMARY/DAILY", "Subscriptions, daily"
    EVENT = "SUBSCRIPTION_EVENT/SUMMARY/DAILY", "Subscription events, daily"
    SUBSCRIBER = "SUBSCRIBER/DETAILED/DAILY", "Subscribers, daily"

    @property
    def kind(self) -> Kind:
        return Kind(self.value.split("/", maxsplit=1)[0])


#: The kinds of file whose rows stand in the tables of subscription reports.
SUBSCRIPTION_KINDS = {report.kind: report for report in SubscriptionReport}


class Grain(models.TextChoices):
    DAY = "day", "day"
    WEEK = "week", "week"
    MONTH = "month", "month"
    FISCAL_MONTH = "fiscal_month", "fiscal month"
    YEAR = "year", "year"


class Zone(models.TextChoices):
    """Whose midnight ends a day. Sales and finance reports: Pacific Time; App Analytics: UTC."""

    PACIFIC = "America/Los_Angeles", "Pacific Time"
    UTC = "UTC", "UTC"


class Access(models.TextChoices):
    """Apple's access types of a report request."""

    ONGOING = "ONGOING", "Ongoing"
    SNAPSHOT = "ONE_TIME_SNAPSHOT", "One-time snapshot"


class RequestState(models.TextChoices):
    """What became of a report request."""

    WAITING = "waiting", "asked, no report yet"
    ARRIVING = "arriving", "reports arrive"
    STOPPED = "stopped", "stopped by Apple for inactivity"
    GHOST = "ghost", "Apple says that it exists, and does not list it"
    REFUSED = "refused", "refused: the key may not ask for it"
    ENDED = "ended", "ended"


class InstanceState(models.TextChoices):
    """What became of one delivery of an analytics report."""

    LISTED = "listed", "listed, not read yet"
    LOADED = "loaded", "loaded"
    HELD = "held", "held: some rows were rejected"
    REFUSED = "refused", "cannot be read"
    VANISHED = "vanished", "vanished before it was read"


class DeliveryState(models.TextChoices):
    PREVIEWED = "previewed", "waiting for confirmation"
    LOADING = "loading", "loading"
    HELD = "held", "held: some rows were rejected"
    LOADED = "loaded", "loaded"
    CANCELLED = "cancelled", "cancelled"
    WITHDRAWN = "withdrawn", "withdrawn"
    REFUSED = "refused", "refused"


class Severity(models.TextChoices):
    INFO = "info", "Info"
    LOW = "low", "Low"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class FindingState(models.TextChoices):
    OPEN = "open", "Open"
    ASSIGNED = "assigned", "Assigned"
    WAITING = "waiting", "Waiting"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed by the data"


#: States in which somebody still has work to do.
UNFINISHED = (FindingState.OPEN, FindingState.ASSIGNED, FindingState.WAITING)


class FindingKind(models.TextChoices):
    VALUE_MISMATCH = "value_mismatch", "The two sides differ"
    MISSING_IN_API = "missing_in_api", "Missing in Apple's API"
    MISSING_IN_CONSOLE = "missing_in_console", "Missing in the console export"
    MISSING_SALES_VALUES = "missing_sales_values", "Sales values are missing"
    TOTAL_DOES_NOT_TIE = "total_does_not_tie", "A file's own total does not tie"
    OVERLAPPING_EXPORTS = "overlapping_exports", "Two exports tell different values"
    RESTATED = "restated", "Apple changed a delivered day"
    LATE_DELIVERY = "late_delivery", "Delivered late"
    API_INCIDENT = "api_incident", "Apple's API failed"
    DELIVERY_GAP = "delivery_gap", "Days that Apple never delivered"
    DAILY_GENERATION_STOPPED = "daily_generation_stopped", "Daily reports stopped"
    NEVER_DELIVERED = "never_delivered", "A report that never came"
    EMPTY_REPORT = "empty_report", "A report without a row"
    PARTIAL_SNAPSHOT = "partial_snapshot", "A snapshot with holes"
    REQUEST_STOPPED = "request_stopped", "Apple stopped the reports"
    INSTANCE_LOST = "instance_lost", "A delivery vanished before it was read"
    TWIN_INSTANCE = "twin_instance", "Two deliveries of one day"
    GRANULARITY_MISMATCH = "granularity_mismatch", "Days do not add up to the week or month"
    DETAIL_SHORTFALL = "detail_shortfall", "The detailed report adds up to less"
    TRUNCATED_EXPORT = "truncated_export", "An export that was cut off"
    ACCOUNT_TOKEN_MOVED = "account_token_moved", "A subscription moved to another app login"
    DOUBLE_BILLING = "double_billing", "Billed twice"
    RENEWAL_MISSING = "renewal_missing", "A renewal did not come"
    NOTIFICATION_GAP = "notification_gap", "Notifications are missing"
    TRANSACTION_MISMATCH = "transaction_mismatch", "Facts of a purchase contradict each other"


class Cause(models.TextChoices):
    TIMEZONE_SHIFT = "timezone_shift", "Days end at another midnight"
    NOT_FINAL = "not_final", "Not final yet"
    RESTATED = "restated", "Apple issued the day again"
    REFUND_SIGN = "refund_sign", "Refunds counted with the wrong sign"
    PER_UNIT_PRICE = "per_unit_price", "Price per unit not multiplied by units"
    ROUNDING = "rounding", "Rounding"
    POSITIVE_ROWS_MISSING = "positive_rows_missing", "Rows with sales are missing"
    NOT_DELIVERED = "not_delivered", "Not delivered by Apple"
    METRIC_DEFINITION = "metric_definition", "The two numbers mean different things"
    CURRENCY_CONVERSION = "currency_conversion", "Currency conversion"
    FILTER_OR_SCOPE = "filter_or_scope", "Filter or scope of the export"
    IMPRESSIONS_INCLUDE_PAGE_VIEWS = "impressions_include_page_views", "Impressions include page views"
    PRIVACY_THRESHOLD = "privacy_threshold", "Apple leaves out small groups of people"
    TRUNCATED = "truncated", "The console lists no more than this"
    GHOST_REQUEST = "ghost_request", "Apple says that the request exists, and does not list it"
    SEGMENT_EXPIRED = "segment_expired", "The address of the file had expired"
    CHECKSUM_MISMATCH = "checksum_mismatch", "The file is not the one that Apple announced"
    CREDENTIALS = "credentials", "Key refused"
    ROLE = "role", "Role missing"
    AGREEMENT = "agreement", "Agreement missing or expired"
    METHOD_NOT_ALLOWED = "method_not_allowed", "Request not allowed"
    BAD_REQUEST = "bad_request", "Request not accepted"
    RATE_LIMIT = "rate_limit", "Apple's rate limit"
    SERVER_ERROR = "server_error", "Apple's server failed"
    TRUNCATED_DOWNLOAD = "truncated_download", "Download cut short"
    TIMEOUT = "timeout", "Too slow"
    CONNECTION_DROPPED = "connection_dropped", "Connection dropped"
    LOGIN_CHANGED = "login_changed", "Another app login was signed in"
    TOKEN_SET = "token_set", "The app login was set through Apple's API"
    OUTSIDE_APP = "outside_app", "Bought outside the app"
    NOT_ENDED = "not_ended", "The old subscription was not ended"
    BILLING_RETRY = "billing_retry", "Paid after all in billing retry"
    TWO_APPLE_ACCOUNTS = "two_apple_accounts", "Two Apple Accounts with one app login"
    INTRODUCTORY_OFFER = "introductory_offer", "An introductory offer runs beside the other"
    NOTIFICATION_LOST = "notification_lost", "A notification did not come"
    WEBHOOK_UNREACHABLE = "webhook_unreachable", "The webhook could not be reached"
    WRONG_ADDRESS = "wrong_address", "Sent to the address of the other environment"
    CUSTOMER_CHANGE = "customer_change", "The customer changed something"
    NEW_FROM_APPLE = "new_from_apple", "Apple sends something new"
    UNEXPLAINED = "unexplained", "Unexplained"


class CellState(models.TextChoices):
    """What is known of one report on one day (or week, month): unknown is never shown as zero."""

    FINAL = "final", "final"
    OPEN = "open", "open: not complete yet by Apple's own lag"
    EMPTY = "empty", "empty: no activity, proved"
    OVERDUE = "overdue", "overdue: due and not here"
    BLOCKED = "blocked", "blocked: agreement, role or key"
    LOST = "lost", "lost: past Apple's retention"
