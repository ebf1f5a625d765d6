"""Asks Apple for the reports of coverage cells: ask, keep the bytes, load them, write the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ascrecon import clock
from ascrecon.appstore import Absent, AppStoreError, Basis, Category, Download, Reason, load_catalogue
from reports.coverage import ledger
from reports.coverage.ledger import Absence
from reports.files.errors import BadFile
from reports.models import (
    ApiProblem,
    Cause,
    CoverageCell,
    Delivery,
    Grain,
    Side,
    SubscriptionReport,
    Zone,
)
from reports.services.accounts import client_policy
from reports.services.deliveries import Asked, load_api_report
from reports.services.raw_files import keep
from reports.sync import problems
from reports.sync.calendar import first_friday_after
from reports.sync.fiscal import number_of
from reports.sync.line import Line
from reports.sync.policy import sync_policy
from reports.sync.silence import finance_months, is_silent
from reports.sync.subscription_reports import is_question, none_for

#: Said about the key or the vendor: when it is said again and again, the other periods would be refused as well.
REFUSED_AS_A_WHOLE = frozenset(
    {Category.CREDENTIALS, Category.INDIVIDUAL_KEY, Category.ROLE, Category.AGREEMENT, Category.VENDOR}
)

Progress = Callable[[int, int, str], None]


def no_progress(done: int, total: int, step: str) -> None:
    """For callers that show none."""


@dataclass
class Tally:
    """What fetching came to. `failures` are the errors that ended a call for good, in order."""

    deliveries: int = 0
    asked: int = 0
    failures: list[AppStoreError] = field(default_factory=list)
    unreadable: list[BadFile] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.deliveries += other.deliveries
        self.asked += other.asked
        self.failures += other.failures
        self.unreadable += other.unreadable

    @property
    def wait(self) -> float | None:
        """Seconds after which Apple takes calls again, where its limit of calls was the reason to stop."""
        return max((error.retry_after or 0.0 for error in self.failures if is_used_up(error)), default=None)


@dataclass
class Fetcher:
    """Fetches one report of one vendor. `version` remembers what Apple offered instead of our version."""

    line: Line
    tally: Tally = field(default_factory=Tally)
    version: str | None = None

    def fetch(self, cells: Sequence[CoverageCell], progress: Progress = no_progress) -> Tally:
        """Ask for each of the cells, all of one report; stops early where asking on is of no use.

        Every answer is written down before the next call, so whatever ends this loses one call at most.
        """
        for n, cell in enumerate(cells):
            progress(n, len(cells), f"{cell.report} {cell.date}")
            if self._closed_meanwhile(cell):
                continue
            if not self._fetch_one(cell, cells[n + 1 :]):
                break
        progress(len(cells), len(cells), "")
        return self.tally

    def _closed_meanwhile(self, cell: CoverageCell) -> bool:
        """An earlier answer told that this one need not be asked for."""
        if cell.granularity != Grain.FISCAL_MONTH and cell.report not in SubscriptionReport.values:
            return False
        return not CoverageCell.objects.filter(pk=cell.pk).exists()

    def _fetch_one(self, cell: CoverageCell, rest: Sequence[CoverageCell]) -> bool:
        """Whether to go on with the rest."""
        client = self.line.client
        before = len(client.incidents)
        self.tally.asked += 1
        try:
            report, version = self._ask(cell)
            self._take(cell, report, version)
            self.line.worked()
            return True
        except AppStoreError as error:
            return self._fail(cell, error, rest)
        except BadFile as error:
            return self._refuse_file(cell, error)
        finally:
            recovered = client.incidents[before:]
            kept = CoverageCell.objects.filter(pk=cell.pk).first() if recovered else None
            problems.note_recoveries(cell.account, recovered, report=cell.report, cell=kept)

    def _ask(self, cell: CoverageCell) -> tuple[Download | Absent, str]:
        assert cell.vendor is not None  # noqa: S101  (sales and finance cells always have one)
        family, kind, *frequency = cell.report.split("/")
        if family == "FINANCE":
            year, month = number_of(cell.period_end)
            due = first_friday_after(cell.period_end)
            answer = self.line.client.finance_report(
                cell.vendor.number, kind, cell.region_code, f"{year}-{month:02}", due=due
            )
            return answer.report, ""
        ours = load_catalogue().sales_report(family, kind, frequency[0]).version
        self.version = self.version or version_to_ask(cell, ours)
        sales = self.line.client.sales_report(
            cell.vendor.number, family, kind, frequency[0], cell.date, version=self.version
        )
        if sales.version_changed:
            self._note_version(cell, sales.asked_version, sales.version)
        return sales.report, sales.version

    def _note_version(self, cell: CoverageCell, asked: str, offered: str) -> None:
        """Apple named another version than ours: used from now on, and written down."""
        self.version = offered
        ApiProblem.objects.create(
            account=cell.account,
            cell=cell,
            at=clock.now(),
            report=cell.report,
            path="/v1/salesReports",
            cause=Cause.BAD_REQUEST,
            detail=f"Version {asked} was refused; Apple offers {offered}, which was read instead.",
            attempts=2,
            succeeded=True,
        )

    def _take(self, cell: CoverageCell, report: Download | Absent, version: str) -> None:
        at = clock.now()
        if isinstance(report, Absent):
            ledger.record_absence(cell, absence_of(report), words_of(report), at)
            stop_at_silence(cell)
            return
        delivery = load(cell, report, version, at)
        self.tally.deliveries += delivery.pk != cell.delivery_id
        ledger.record_delivery(cell, delivery, at)

    def _fail(self, cell: CoverageCell, error: AppStoreError, rest: Sequence[CoverageCell]) -> bool:
        at = clock.now()
        if error.category is Category.VENDOR and is_question(cell):
            none_for(cell, clock.today(Zone.PACIFIC))
            return False
        self.tally.failures.append(error)
        in_a_row = self.line.failed(error)
        cause = problems.cause_of(error.category, str(error))
        problems.note_failure(cell.account, error, at, report=cell.report, cell=cell)
        words, next_try = error.sentences, _next_try(error, at)
        if is_used_up(error):
            ledger.wait([cell, *rest], words, next_try=next_try)
            return False
        ledger.record_failure(cell, cause, words, at, next_try=next_try)
        if in_a_row < sync_policy().failures_until_stop:
            return True
        if error.category in REFUSED_AS_A_WHOLE:
            is_key = error.category is Category.CREDENTIALS
            waiting = _due_of_account(cell, at) if is_key else rest
            ledger.block_unasked(waiting, cause, words, next_try=next_try)
        return False

    def _refuse_file(self, cell: CoverageCell, error: BadFile) -> bool:
        """A whole file that does not hold what was asked for: its bytes are kept, it counts nothing."""
        at = clock.now()
        self.tally.unreadable.append(error)
        problem = AppStoreError(category=Category.UNEXPECTED_BODY, message=str(error), path=error.file)
        problems.note_failure(cell.account, problem, at, report=cell.report, cell=cell)
        again = at + timedelta(days=1)
        ledger.record_failure(cell, Cause.UNEXPLAINED, str(error), at, next_try=again)
        return True


def load(cell: CoverageCell, download: Download, version: str, at: datetime) -> Delivery:
    """Keep the bytes, then load them; BadFile where the file is not what was asked for."""
    assert cell.vendor is not None  # noqa: S101  (sales and finance cells always have one)
    raw = keep(download.path)
    download.discard()
    asked = Asked(
        report=cell.report,
        vendor=cell.vendor,
        period_start=cell.date,
        period_end=cell.period_end,
        region_code=cell.region_code,
        version=version,
    )
    return load_api_report(raw, file_name=file_name(cell), account=cell.account, asked=asked, received_at=at)


def file_name(cell: CoverageCell) -> str:
    """The name that Apple gives the file when a person downloads it.

    Sales: S_D_80000001_20261119.txt.gz, Subscription_Event_80000001_20261119.txt.gz. Finance: vendor, then MMYY of the
    calendar month that names the fiscal one
    (seen: 45545510_0914_CH.txt, FD_94105360_0726.txt).
    """
    number = cell.vendor.number if cell.vendor else ""
    if cell.granularity == Grain.FISCAL_MONTH:
        label = date_of_label(cell)
        detailed = cell.report.endswith("FINANCE_DETAIL")
        return f"FD_{number}_{label}.txt.gz" if detailed else f"{number}_{label}_{cell.region_code}.txt.gz"
    if cell.report in SubscriptionReport.values:
        name = cell.report.split("/", maxsplit=1)[0].title()
        return f"{name}_{number}_{cell.date:%Y%m%d}.txt.gz"
    letter = cell.report.rsplit("/", maxsplit=1)[-1][0]
    stamp = f"{cell.period_end:%Y%m}" if letter == "M" else f"{cell.period_end:%Y%m%d}"
    return f"S_{letter}_{number}_{stamp}.txt.gz"


def date_of_label(cell: CoverageCell) -> str:
    """MMYY of the calendar month that names a fiscal month: it holds the middle of its days."""
    return f"{cell.period_end - timedelta(days=14):%m%y}"


def absence_of(absent: Absent) -> Absence:
    """The client's reading of Apple's 404, with what follows from the calendar alone kept apart from a clear text."""
    if absent.reason is Reason.NO_SALES and absent.basis is Basis.CALENDAR:
        return Absence.BY_CALENDAR
    return _ABSENCES.get(absent.reason, Absence.UNKNOWN)


_ABSENCES = {Reason.NO_SALES: Absence.NO_SALES, Reason.NOT_YET: Absence.NOT_YET, Reason.GONE: Absence.GONE}


def version_to_ask(cell: CoverageCell, ours: str) -> str:
    """The version of the newest report that Apple gave, unless ours is newer: one that is retired is refused once."""
    given = Delivery.objects.filter(side=Side.API, vendor=cell.vendor, report=cell.report).exclude(version="")
    last = given.order_by("-received_at", "-pk").values_list("version", flat=True).first()
    return max(filter(None, (ours, last)), key=lambda version: [int(part) for part in version.split("_")])


def words_of(absent: Absent) -> str:
    return f"{absent.words} Apple's words: {absent.detail}" if absent.detail else absent.words


def stop_at_silence(cell: CoverageCell) -> int:
    """Leave out the months that lie further back once Apple had nothing for a year of fiscal months. Returns how many.

    Apple keeps finance reports ten years, so a young account would be asked for a hundred months in vain. The ledger
    then begins where Apple's answers begin; `sync --from --to` asks for older months all the same.
    """
    if cell.granularity != Grain.FISCAL_MONTH or cell.vendor is None:
        return 0
    months = finance_months(cell.vendor, cell.report, cell.region_code)
    if not is_silent(months.filter(date__gte=cell.date)):
        return 0
    return months.filter(date__lt=cell.date, asked_at=None).delete()[0]


def is_used_up(error: AppStoreError) -> bool:
    """Whether Apple's limit of calls is used up for longer than the client waits by itself.

    A call refused although its short waits were kept is a failure of that call, and others may work.
    """
    patience = client_policy().patience_seconds
    return error.category is Category.RATE_LIMIT and (error.retry_after or 0.0) > patience


def _due_of_account(cell: CoverageCell, at: datetime) -> list[CoverageCell]:
    return list(CoverageCell.objects.filter(account_id=cell.account_id, next_try__lte=at).exclude(pk=cell.pk))


def _next_try(error: AppStoreError, at: datetime) -> datetime:
    pause = sync_policy().pause
    return at + max(pause, timedelta(seconds=error.retry_after or 0))
