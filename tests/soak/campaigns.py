"""The campaigns by name. Each is a module that runs as `python -m MODULE --seed N [--small]` in an installation of its
own (ASCRECON_DATA_DIR), prints its table, and ends with 0 only if everything held.
"""

from __future__ import annotations

CAMPAIGNS: dict[str, str] = {
    "kills": "tests.soak.kills",
    "cuts": "tests.soak.cuts",
    "downloads": "tests.soak.downloads",
    "mutations": "tests.soak.mutations",
    "deliveries": "tests.soak.deliveries",
    "notifications": "tests.soak.notifications",
}
