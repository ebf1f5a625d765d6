"""Where an app's people come from: a fixed set of profiles (storefront, device, source, page), few of them big."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypeAlias

from ascrecon.simulator.events import territory_shares
from ascrecon.simulator.scenario import App

ROWS_PER_PROFILE = 4
# Source Type, how often, and what Source Info names where Apple tells it.
SOURCES = (
    ("App Store search", 40, ("",)),
    ("App Store browse", 18, ("",)),
    ("App referrer", 16, ("com.google.chrome.ios", "com.burbn.instagram", "com.apple.mobilesafari")),
    ("Web referrer", 14, ("example.com", "news.example.org")),
    ("Unavailable", 6, ("",)),
    ("Institutional purchase", 3, ("",)),
    ("App Clip", 3, ("",)),
)
CAMPAIGN_SOURCES = ("App referrer", "Web referrer")
PAGES = (("Product page", 70), ("Store sheet", 14), ("No page", 10), ("In-app event", 6))
PAGE_TITLES = {"Product page": "Default product page", "In-app event": "Autumn challenge"}
PLATFORMS = {
    "iPhone": ("iOS 26.1", "iOS 26.0", "iOS 18.7"),
    "iPad": ("iOS 26.1", "iOS 18.7"),
    "Desktop": ("macOS 26.1",),
}
DEVICES = (("iPhone", 74), ("iPad", 20), ("Desktop", 6))


class Profile(NamedTuple):
    """One kind of visitor; `weight` is its share of the app, all weights sum to 1."""

    territory: str
    device: str
    platform: str
    source: str
    source_info: str
    campaign: str
    page: str
    page_title: str
    weight: float


class Palette:
    """The profiles of an app, and those that a sale in a storefront on a device may belong to."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self.profiles = tuple(profiles)
        self._places: dict[tuple[str, str], tuple[list[Profile], list[float]]] = {}

    def pick(self, rng: Random, territory: str, device: str) -> Profile:
        """A profile of that storefront and device, by weight; another device's where it has none."""
        key = (territory, device)
        if key not in self._places:
            self._places[key] = self._place(territory, device)
        profiles, weights = self._places[key]
        return rng.choices(profiles, cum_weights=weights)[0]

    def _place(self, territory: str, device: str) -> tuple[list[Profile], list[float]]:
        here = [profile for profile in self.profiles if profile.territory == territory]
        fitting = [profile for profile in here if profile.device == device] or here
        return fitting, list(accumulate(profile.weight for profile in fitting))


Shares: TypeAlias = tuple[tuple[str, float], ...]


@lru_cache(maxsize=64)
def palette_of(seed: int, apple_id: int, territories: Shares, rows: int, campaigns: int) -> Palette:
    """The same profiles for the same app every day: a breakdown by source has a history."""
    rng = Random(f"{seed}:{apple_id}:palette")  # noqa: S311  (reproducible figures, not secrets)
    number = max(3, rows // ROWS_PER_PROFILE)
    found = [_profile(rng, territory, share, rank) for territory, share, rank in _places(territories, number)]
    found += [_campaign(rng, territories[0][0], rank) for rank in range(campaigns)]
    total = sum(profile.weight for profile in found)
    return Palette([profile._replace(weight=profile.weight / total) for profile in found])


def palette(seed: int, app: App) -> Palette:
    """The palette of an app."""
    shares = tuple(territory_shares(app).items())
    return palette_of(seed, app.apple_id, shares, app.analytics.rows, app.analytics.campaigns)


def _places(territories: Shares, number: int) -> list[tuple[str, float, int]]:
    """Territory, its share and the rank of the profile in it; every territory has at least two."""
    return [
        (territory, share, rank) for territory, share in territories for rank in range(max(2, round(number * share)))
    ]


def _profile(rng: Random, territory: str, share: float, rank: int) -> Profile:
    source, _, infos = rng.choices(SOURCES, [weight for _, weight, _ in SOURCES])[0]
    page = _weighted(rng, PAGES)
    # The first two of a territory are its phones and its tablets: both devices of the sales events have a home.
    device = ("iPhone", "iPad")[rank] if rank <= 1 else _weighted(rng, DEVICES)
    platform = rng.choice(PLATFORMS[device])
    title = PAGE_TITLES.get(page, "")
    return Profile(territory, device, platform, source, rng.choice(infos), "", page, title, share / (rank + 1))


def _weighted(rng: Random, values: Sequence[tuple[str, int]]) -> str:
    return rng.choices([value for value, _ in values], [weight for _, weight in values])[0]


def _campaign(rng: Random, territory: str, rank: int) -> Profile:
    source = rng.choice(CAMPAIGN_SOURCES)
    platform = rng.choice(PLATFORMS["iPhone"])
    weight = 0.08 / (rank + 2)
    return Profile(territory, "iPhone", platform, source, "", f"campaign-{rank + 1:03d}", "Product page", "", weight)
