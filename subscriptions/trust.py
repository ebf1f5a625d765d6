"""Which root certificates this installation trusts."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from ascrecon.storeserver.roots import Root, load_roots


def roots_folder() -> Path:
    """ASCRECON_APPLE_ROOTS, else `apple-roots` in the data directory."""
    return Path(settings.ASCRECON_APPLE_ROOTS or Path(settings.ASCRECON_DATA_DIR) / "apple-roots")


def trusted_roots() -> tuple[Root, ...]:
    """The certificates in that folder; RootsMissing, with what to do, where there is none."""
    return load_roots(roots_folder())
