"""The reports of a request: Apple's names, column headings, days until complete. Literals, from Apple's pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

STANDARD_HISTORY = date(2024, 1, 1)
SUBSCRIPTION_HISTORY = date(2025, 1, 1)
GRANULARITIES = ("DAILY", "WEEKLY", "MONTHLY")
DAILY_ONLY = ("DAILY",)
#: The columns that every report begins with: date, name and id of the app.
LEADING = 3


@dataclass(frozen=True)
class Report:
    """One report: its columns in Apple's order, the last `measures` of which are numbers.

    A Date is complete `completeness` days after it. `users` is the measure that the five-user rule looks at, counted
    from the end. `family` says which facts fill it; `opt_in`: only of people who share with developers.
    """

    name: str
    category: str
    family: str
    header: str
    measures: int
    completeness: int
    granularities: tuple[str, ...] = GRANULARITIES
    history: date = STANDARD_HISTORY
    opt_in: bool = False
    users: int = -1

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.header.split("\t"))

    @property
    def detailed(self) -> bool:
        return self.name.endswith(" Detailed")


_REPORTS = (
    Report(
        "App Downloads Standard",
        "COMMERCE",
        "downloads",
        "Date\tApp Name\tApp Apple Identifier\tDownload Type\tApp Version\tDevice\tPlatform Version\tSource Type\t"
        "Page Type\tPre-Order\tTerritory\tCounts",
        measures=1,
        completeness=2,
        granularities=DAILY_ONLY,
    ),
    Report(
        "App Downloads Detailed",
        "COMMERCE",
        "downloads",
        "Date\tApp Name\tApp Apple Identifier\tDownload Type\tApp Version\tDevice\tPlatform Version\tSource Type\t"
        "Source Info\tCampaign\tPage Type\tPage Title\tPre-Order\tTerritory\tCounts",
        measures=1,
        completeness=2,
    ),
    Report(
        "App Store Pre-Orders Standard",
        "COMMERCE",
        "pre_orders",
        "Date\tApp Name\tApp Apple Identifier\tDevice\tPlatform Version\tSource Type\tPage Type\tTerritory\t"
        "Pre-Order Start Date\tPre-Order End Date\tPre-Orders Placed\tPre-Orders Canceled",
        measures=2,
        completeness=2,
        granularities=DAILY_ONLY,
        users=-2,
    ),
    Report(
        "App Store Pre-Orders Detailed",
        "COMMERCE",
        "pre_orders",
        "Date\tApp Name\tApp Apple Identifier\tDevice\tPlatform Version\tSource Type\tSource Info\tCampaign\t"
        "Page Type\tPage Title\tTerritory\tPre-Order Start Date\tPre-Order End Date\tPre-Orders Placed\t"
        "Pre-Orders Canceled",
        measures=2,
        completeness=2,
        users=-2,
    ),
    Report(
        "App Store Purchases Standard",
        "COMMERCE",
        "purchases",
        "Date\tApp Name\tApp Apple Identifier\tPurchase Type\tContent Name\tContent Apple Identifier\tPayment Method\t"
        "Device\tPlatform Version\tSource Type\tPage Type\tApp Download Date\tPre-Order\tTerritory\tPurchases\t"
        "Proceeds in USD\tSales in USD\tPaying Users",
        measures=4,
        completeness=2,
    ),
    Report(
        "App Store Purchases Detailed",
        "COMMERCE",
        "purchases",
        "Date\tApp Name\tApp Apple Identifier\tPurchase Type\tContent Name\tContent Apple Identifier\tPayment Method\t"
        "Device\tPlatform Version\tSource Type\tSource Info\tCampaign\tPage Type\tPage Title\tApp Download Date\t"
        "Pre-Order\tTerritory\tPurchases\tProceeds in USD\tSales in USD\tPaying Users",
        measures=4,
        completeness=2,
    ),
    Report(
        "App Store Subscription State Report Standard",
        "COMMERCE",
        "subscription_state",
        "Date\tApp Name\tApp Apple Identifier\tState Metric\tState Metric Grouping\tSubscription Name\t"
        "Subscription Identifier\tSubscription Duration\tBilling Frequency\tBilling Period\tSubscription Group\t"
        "Subscription Group Identifier\tOffer Type\tOffer Name\tOffer ID\tVanity Code\tOffer Pricing\tOffer Duration\t"
        "Family Sharing\tCancellation Reason\tApp Download Source Type\tPage Type\tPre-Order\t"
        "Original Purchase Device\tTerritory\tCounts",
        measures=1,
        completeness=3,
        granularities=DAILY_ONLY,
        history=SUBSCRIPTION_HISTORY,
    ),
    Report(
        "App Store Subscription State Report Detailed",
        "COMMERCE",
        "subscription_state",
        "Date\tApp Name\tApp Apple Identifier\tState Metric\tState Metric Grouping\tSubscription Name\t"
        "Subscription Identifier\tSubscription Duration\tBilling Frequency\tBilling Period\tSubscription Group\t"
        "Subscription Group Identifier\tOffer Type\tOffer Name\tOffer ID\tVanity Code\tOffer Pricing\tOffer Duration\t"
        "Family Sharing\tCancellation Reason\tApp Download Source Type\tApp Download Source Info\tCampaign\tPage Type\t"
        "Page Title\tPre-Order\tOriginal Purchase Device\tTerritory\tCounts",
        measures=1,
        completeness=3,
        granularities=DAILY_ONLY,
        history=SUBSCRIPTION_HISTORY,
    ),
    Report(
        "App Store Subscription Event Report Standard",
        "COMMERCE",
        "subscription_event",
        "Event Date\tApp Name\tApp Apple Identifier\tEvent Sub Type\tEvent Grouping\tSubscription Name\t"
        "Subscription Identifier\tSubscription Duration\tBilling Frequency\tBilling Period\tSubscription Group\t"
        "Subscription Group Identifier\tOffer Type\tOffer Name\tOffer ID\tVanity Code\tOffer Pricing\tOffer Duration\t"
        "Plan Change Type\tPrevious Subscription Name\tPrevious Subscription Identifier\tFamily Sharing\t"
        "Cancellation Reason\tPaid Service Days Recovered\tApp Download Source Type\tPage Type\tPre-Order\t"
        "Original Purchase Device\tTerritory\tCounts",
        measures=1,
        completeness=3,
        granularities=DAILY_ONLY,
        history=SUBSCRIPTION_HISTORY,
    ),
    Report(
        "App Store Subscription Event Report Detailed",
        "COMMERCE",
        "subscription_event",
        "Event Date\tApp Name\tApp Apple Identifier\tEvent Sub Type\tEvent Grouping\tSubscription Name\t"
        "Subscription Identifier\tSubscription Duration\tBilling Frequency\tBilling Period\tSubscription Group\t"
        "Subscription Group Identifier\tOffer Type\tOffer Name\tOffer ID\tVanity Code\tOffer Pricing\tOffer Duration\t"
        "Plan Change Type\tPrevious Subscription Name\tPrevious Subscription Identifier\tFamily Sharing\t"
        "Cancellation Reason\tPaid Service Days Recovered\tApp Download Source Type\tApp Download Source Info\t"
        "Campaign\tPage Type\tPage Title\tPre-Order\tOriginal Purchase Device\tTerritory\tCounts",
        measures=1,
        completeness=3,
        history=SUBSCRIPTION_HISTORY,
    ),
    Report(
        "App Store Discovery and Engagement Standard",
        "APP_STORE_ENGAGEMENT",
        "engagement",
        "Date\tApp Name\tApp Apple Identifier\tEvent\tPage Type\tSource Type\tEngagement Type\tDevice\t"
        "Platform Version\tTerritory\tCounts\tUnique Counts",
        measures=2,
        completeness=3,
    ),
    Report(
        "App Store Discovery and Engagement Detailed",
        "APP_STORE_ENGAGEMENT",
        "engagement",
        "Date\tApp Name\tApp Apple Identifier\tEvent\tPage Type\tPage Title\tSource Type\tSource Info\tCampaign\t"
        "Engagement Type\tDevice\tPlatform Version\tTerritory\tCounts\tUnique Counts",
        measures=2,
        completeness=3,
    ),
    Report(
        "App Store Web Preview Engagement Standard",
        "APP_STORE_ENGAGEMENT",
        "web_preview",
        "Date\tApp Name\tApp Apple Identifier\tEvent\tPage Type\tSource Type\tEngagement Type\tBrowser\t"
        "Browser Version\tDevice\tPlatform Version\tTerritory\tCounts",
        measures=1,
        completeness=3,
    ),
    Report(
        # Apple names the two columns of the detailed file but not where they stand.
        "App Store Web Preview Engagement Detailed",
        "APP_STORE_ENGAGEMENT",
        "web_preview",
        "Date\tApp Name\tApp Apple Identifier\tEvent\tPage Type\tPage Title\tSource Type\tSource Info\t"
        "Engagement Type\tBrowser\tBrowser Version\tDevice\tPlatform Version\tTerritory\tCounts",
        measures=1,
        completeness=3,
    ),
    Report(
        "App Sessions Standard",
        "APP_USAGE",
        "sessions",
        "Date\tApp Name\tApp Apple Identifier\tApp Version\tDevice\tPlatform Version\tSource Type\tPage Type\t"
        "App Download Date\tTerritory\tSessions\tTotal Session Duration\tUnique Devices",
        measures=3,
        completeness=5,
        opt_in=True,
    ),
    Report(
        "App Sessions Detailed",
        "APP_USAGE",
        "sessions",
        "Date\tApp Name\tApp Apple Identifier\tApp Version\tDevice\tPlatform Version\tSource Type\tSource Info\t"
        "Campaign\tPage Type\tPage Title\tApp Download Date\tTerritory\tSessions\tTotal Session Duration\t"
        "Unique Devices",
        measures=3,
        completeness=5,
        opt_in=True,
    ),
    Report(
        "App Store Installation and Deletion Standard",
        "APP_USAGE",
        "installs",
        "Date\tApp Name\tApp Apple Identifier\tEvent\tDownload Type\tApp Version\tDevice\tPlatform Version\t"
        "Source Type\tPage Type\tApp Download Date\tTerritory\tCounts\tUnique Devices",
        measures=2,
        completeness=5,
        opt_in=True,
    ),
    Report(
        "App Store Installation and Deletion Detailed",
        "APP_USAGE",
        "installs",
        "Date\tApp Name\tApp Apple Identifier\tEvent\tDownload Type\tApp Version\tDevice\tPlatform Version\t"
        "Source Type\tSource Info\tCampaign\tPage Type\tPage Title\tApp Download Date\tTerritory\tCounts\t"
        "Unique Devices",
        measures=2,
        completeness=5,
        opt_in=True,
    ),
    Report(
        "App Crashes",
        "APP_USAGE",
        "crashes",
        "Date\tApp Name\tApp Apple Identifier\tApp Version\tDevice\tPlatform Version\tCrashes\tUnique Devices",
        measures=2,
        completeness=5,
        opt_in=True,
    ),
    Report(
        # The columns are made up: of this report only the name is known.
        "App Runtime Usage",
        "FRAMEWORK_USAGE",
        "runtime",
        "Date\tApp Name\tApp Apple Identifier\tDevice\tPlatform Version\tRuntime State\tUsage Seconds\tCount of Users",
        measures=2,
        completeness=2,
        granularities=DAILY_ONLY,
    ),
)

#: By Apple's name, in the order of the API's list.
REPORTS = {report.name: report for report in _REPORTS}
