"""GET /v1/financeReports: FINANCIAL by region or ZZ, FINANCE_DETAIL with Z1."""

from __future__ import annotations

from datetime import date

from ascrecon.simulator.errors import GZIP_TYPE, NO_SALES, Answer, invalid_parameter, no_report
from ascrecon.simulator.finance import FinanceRow, api_rows, detail_file, finance_file
from ascrecon.simulator.fiscal import MONTHS, FiscalMonth
from ascrecon.simulator.reading import MONTH
from ascrecon.simulator.request import Request
from ascrecon.simulator.sales import packed
from ascrecon.simulator.truth import Truth

PARAMETERS = tuple(f"filter[{name}]" for name in ("vendorNumber", "reportType", "regionCode", "reportDate"))
# Apple's list of region codes, with the two collective ones.
# fmt: off
CODES = frozenset({
    "US", "AU", "BR", "BG", "CA", "CL", "CN", "CO", "CZ", "HR", "DK", "EG", "HK",
    "HU", "IN", "ID", "IL", "JP", "KZ", "KR", "MY", "MX", "NZ", "NG", "NO", "PK",
    "PE", "PH", "PL", "QA", "RO", "RU", "SA", "SG", "ZA", "SE", "CH", "TW", "TH",
    "TR", "AE", "GB", "TZ", "VN", "EU", "LL", "AP", "WW", "ZZ", "Z1",
})
# fmt: on


def finance_report(truth: Truth, request: Request, today: date) -> Answer:
    """The gzip file of a fiscal month; Apple gives one and the same 404 for every month that is not there."""
    request.only(PARAMETERS)
    kind, region = _checked(truth, request)
    month = MONTHS.get(_date(request))
    if month is None or today < month.published:
        raise no_report(NO_SALES)
    rows = [row for row in api_rows(truth, month) if region in ("ZZ", "Z1", row.region)]
    if not rows:
        raise no_report(NO_SALES)
    return Answer(200, GZIP_TYPE, packed(_file(truth, month, rows, kind, region)))


def _checked(truth: Truth, request: Request) -> tuple[str, str]:
    if request.required("filter[vendorNumber]") != truth.scenario.vendor_number:
        raise invalid_parameter("filter[vendorNumber]", "Invalid vendor number specified")
    kind, region = request.required("filter[reportType]"), request.required("filter[regionCode]")
    if kind not in ("FINANCIAL", "FINANCE_DETAIL"):
        raise invalid_parameter("filter[reportType]", f"'{kind}' is not a valid filter value")
    if region not in CODES or (region == "Z1") != (kind == "FINANCE_DETAIL"):
        raise invalid_parameter("filter[regionCode]", f"'{region}' is not a valid filter value for {kind}")
    return kind, region


def _date(request: Request) -> str:
    text = request.required("filter[reportDate]")
    if not MONTH.fullmatch(text):
        raise invalid_parameter("filter[reportDate]", f"'{text}' is not a valid report date")
    return text


def _file(truth: Truth, month: FiscalMonth, rows: list[FinanceRow], kind: str, region: str) -> bytes:
    if kind == "FINANCE_DETAIL":
        return detail_file(truth, month, rows)
    return finance_file(truth, month, rows, region)
