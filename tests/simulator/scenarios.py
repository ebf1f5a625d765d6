"""Small scenarios for these tests."""

from __future__ import annotations

from collections.abc import Mapping

NOTES: dict[str, object] = {
    "apple_id": 1,
    "name": "Acme Notes",
    "bundle_id": "com.acme.notes",
    "sku": "NOTES",
    "daily_units": 200,
    "territories": {"US": "USD", "JP": "JPY", "DE": "EUR", "AR": "USD"},
    "products": [
        {"sku": "monthly", "apple_id": 11, "type": "IAY", "prices": {"USD": "4.99", "JPY": "700", "EUR": "4.99"}},
        {"sku": "lifetime", "apple_id": 12, "type": "IA1", "prices": {"USD": "9.99", "JPY": "1500", "EUR": "9.99"}},
    ],
}
CAMERA: dict[str, object] = {
    "apple_id": 2,
    "name": "Acme Camera",
    "bundle_id": "com.acme.camera",
    "sku": "CAMERA",
    "daily_units": 60,
    "territories": {"US": "USD", "CH": "CHF"},
    "price": {"USD": "3.99", "CHF": "4.00"},
}
TORCH: dict[str, object] = {
    "apple_id": 3,
    "name": "Acme Torch",
    "bundle_id": "com.acme.torch",
    "sku": "TORCH",
    "daily_units": 40,
    "territories": {"US": "USD"},
}
EXPORTS: list[dict[str, object]] = [
    {"kind": "R", "from": "2026-11-01", "to": "2026-11-19"},
    {"kind": "A1", "metric": "App Units", "apple_id": 1, "from": "2026-11-01", "to": "2026-11-10", "timezone": "PT"},
    {"kind": "P", "fiscal_month": "2027-01"},
]


def scenario(*faults: Mapping[str, object], **changes: object) -> dict[str, object]:
    """Three apps, 60 days up to 2026-11-20; the R exports begin on 2026-11-01."""
    usual = {
        "seed": 3,
        "today": "2026-11-20",
        "days": 60,
        "apps": [NOTES, CAMERA, TORCH],
        "exports": EXPORTS,
        "faults": list(faults),
    }
    return {**usual, **changes}
