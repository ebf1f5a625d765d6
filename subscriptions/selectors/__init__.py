"""What pages show. They read, and change nothing."""

from __future__ import annotations
