"""Symbol and tone of every state and severity, in one place: colour is never the only sign."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    symbol: str
    tone: str


BAD, WARN, GOOD, BUSY, QUIET = "bad", "warn", "good", "busy", "quiet"
UNKNOWN = Look("○", QUIET)

LOOKS = {
    # severity
    "critical": Look("▲", BAD),
    "high": Look("△", WARN),
    "low": Look("▽", QUIET),
    "info": Look("○", QUIET),
    # finding
    "open": Look("●", WARN),
    "assigned": Look("◐", BUSY),
    "waiting": Look("◔", BUSY),
    "resolved": Look("✓", GOOD),
    "closed": Look("✓", GOOD),
    # delivery
    "previewed": Look("◔", WARN),
    "loading": Look("◐", BUSY),
    "held": Look("■", BAD),
    "loaded": Look("✓", GOOD),
    "cancelled": Look("×", QUIET),
    "withdrawn": Look("↩", QUIET),
    "refused": Look("✕", BAD),
    # coverage cell
    "final": Look("✓", GOOD),
    "empty": Look("∅", QUIET),
    "overdue": Look("▲", BAD),
    "blocked": Look("■", BAD),
    "lost": Look("✕", BAD),
    # report requests and instances
    "arriving": Look("✓", GOOD),
    "stopped": Look("■", BAD),
    "ghost": Look("?", BAD),
    "ended": Look("×", QUIET),
    "listed": Look("◔", QUIET),
    "vanished": Look("✕", BAD),
    # jobs, runs and e-mail
    "queued": Look("◔", QUIET),
    "running": Look("◐", BUSY),
    "retrying": Look("↻", WARN),
    "done": Look("✓", GOOD),
    "sent": Look("✓", GOOD),
    "sending": Look("◐", BUSY),
    "failed": Look("✕", BAD),
    "parked": Look("■", BAD),
    "unknown": Look("?", WARN),
    # connection test and rule marks
    "ok": Look("✓", GOOD),
    "unconfirmed": Look("?", WARN),
    "confirmed": Look("✓", GOOD),
    "provisional": Look("?", WARN),
    "current": Look("✓", GOOD),
    # notifications, certificates and subscriptions
    "received": Look("◔", BUSY),
    "processed": Look("✓", GOOD),
    "quarantined": Look("■", WARN),
    "good": Look("✓", GOOD),
    "unchecked": Look("○", QUIET),
    "doubtful": Look("?", WARN),
    "unreachable": Look("?", QUIET),
    "distrusted": Look("✕", BAD),
    "status1": Look("✓", GOOD),
    "status2": Look("×", QUIET),
    "status3": Look("↻", WARN),
    "status4": Look("◔", WARN),
    "status5": Look("↩", BAD),
    "replaced": Look("↩", QUIET),
}


#: Of a coverage cell: what Apple still completes is no work for anybody, other than a finding that is open.
CELL_LOOKS = {"open": Look("◔", BUSY)}


def cell_look(state: str) -> Look:
    return CELL_LOOKS.get(state) or badge_of(state)


def badge_of(token: str) -> Look:
    return LOOKS.get(token, UNKNOWN)
