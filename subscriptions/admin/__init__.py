from __future__ import annotations

from subscriptions.admin import notifications, subscriptions

__all__ = ["notifications", "subscriptions"]
