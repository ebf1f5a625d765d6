from __future__ import annotations

from subscriptions.admin import notifications, rules, server_keys, subscriptions

__all__ = ["notifications", "rules", "server_keys", "subscriptions"]
