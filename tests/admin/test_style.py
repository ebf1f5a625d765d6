"""The style sheet itself: every text can be read on its ground, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

LEAST = 4.5  # WCAG 2.2, 1.4.3
PAIRS = [
    ("body-fg", "body-bg"),
    ("body-fg", "card-bg"),
    ("body-quiet-color", "body-bg"),
    ("body-quiet-color", "card-bg"),
    ("link-fg", "body-bg"),
    ("link-fg", "card-bg"),
    ("link-fg", "darkened-bg"),
    ("link-selected-fg", "selected-bg"),
    ("breadcrumbs-fg", "breadcrumbs-bg"),
    ("breadcrumbs-link-fg", "breadcrumbs-bg"),
    ("header-link-color", "header-bg"),
    ("button-fg", "button-bg"),
    *((f"{tone}-fg", f"{tone}-bg") for tone in ("bad", "warn", "good", "busy", "quiet")),
]


def variables(selector: str) -> dict[str, str]:
    """The colours that a rule of the sheet sets; the dark ones stand on those of the light sheet."""
    path = finders.find("reports/ascrecon.css")
    assert path
    sheet = Path(path).read_text()
    block = sheet[sheet.index(selector) :].split("}", 1)[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_it_can_be_read(text: str, ground: str, theme: str) -> None:
    colours = variables('html[data-theme="light"] {')
    if theme == "dark":
        colours |= variables('\nhtml[data-theme="dark"] {')
    assert contrast(colours[text], colours[ground]) >= LEAST


def test_it_is_as_dark_by_the_system_as_by_choice() -> None:
    assert variables('\nhtml[data-theme="dark"] {') == variables('  html:not([data-theme="light"]) {')
