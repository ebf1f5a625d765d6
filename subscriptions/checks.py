"""A system check for production: signatures should be held against Apple's own root."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from ascrecon.storeserver.refusals import RootsMissing
from subscriptions.trust import roots_folder, trusted_roots


@register(Tags.security)
def trusts_apple_only(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Names the certificates that are not Apple's; without any certificate nothing is taken in, which is safe."""
    if settings.ASCRECON_ENV != "production":
        return []
    try:
        strange = [root for root in trusted_roots() if not root.is_apples]
    except RootsMissing:
        return []
    return [
        Warning(
            f"{root.file} in {roots_folder()} is not Apple Root CA - G3: whoever holds its key can make up sales.",
            hint="Remove it, unless it is another root certificate that you have from Apple PKI.",
            id="subscriptions.W001",
        )
        for root in strange
    ]
