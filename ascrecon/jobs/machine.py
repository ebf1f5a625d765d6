"""Which machine this is, as far as process ids mean something on it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psutil


def machine_id() -> str:
    """Equal only where process ids can be compared: one boot of one kernel, one container. Empty if unknown."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    return f"{psutil.boot_time():.0f}" if os.name == "posix" else ""
