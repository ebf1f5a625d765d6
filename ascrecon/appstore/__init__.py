"""The App Store Connect client. It knows no Django, no database and no product rule."""

from __future__ import annotations

from .absent import Absent, Basis, Reason
from .analytics import ONE_TIME_SNAPSHOT, ONGOING, AnalyticsApi, InstanceRecord, ReportRecord, RequestRecord
from .catalogue import AnalyticsReport, Detail, load_catalogue
from .client import AppRecord, AppStoreClient, FinanceAnswer, SalesAnswer
from .credentials import CredentialError, Credentials, read_private_key
from .downloads import Download
from .errors import AppStoreError, Category, error_from_answer
from .incidents import Incident
from .origins import check_base_url
from .policy import Policy, load_policy
from .probes import Missing, ProbeResult, probe_connection
from .segments import Segment

__all__ = [
    "ONE_TIME_SNAPSHOT",
    "ONGOING",
    "AnalyticsApi",
    "AnalyticsReport",
    "InstanceRecord",
    "ReportRecord",
    "RequestRecord",
    "Segment",
    "Absent",
    "AppRecord",
    "AppStoreClient",
    "AppStoreError",
    "Basis",
    "Category",
    "CredentialError",
    "Credentials",
    "Detail",
    "Download",
    "FinanceAnswer",
    "Incident",
    "Missing",
    "Policy",
    "ProbeResult",
    "Reason",
    "SalesAnswer",
    "check_base_url",
    "error_from_answer",
    "load_catalogue",
    "load_policy",
    "probe_connection",
    "read_private_key",
]
