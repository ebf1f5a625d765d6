"""Reads a list page by page, as far as Apple's own next links lead and no further."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from .errors import AppStoreError, Category
from .origins import origin_of, printable_path


class FetchPage(Protocol):
    """Gets one page as a JSON object."""

    def __call__(self, url: str, params: Mapping[str, str] | None = None) -> dict[str, Any]: ...


def all_resources(fetch: FetchPage, url: str, params: Mapping[str, str], *, max_pages: int) -> list[dict[str, Any]]:
    """The resources of all pages; AppStoreError where the pages loop, lead elsewhere or do not end.

    `links.next` is followed as it stands, since it holds all filters, and only to the origin of `url`: it
    is called with our token. All or nothing: a list that could not be read to its end is not returned.
    Source: Apple's OpenAPI 3.7.0 (PagedDocumentLinks).
    """
    resources: list[dict[str, Any]] = []
    visited: set[str] = set()
    page = fetch(url, params)
    while True:
        resources += _data(page, url)
        following = _next(page)
        if following is None:
            return resources
        _check(following, url, visited, max_pages)
        visited.add(following)
        page = fetch(following)


def _data(page: dict[str, Any], url: str) -> list[dict[str, Any]]:
    data = page.get("data")
    if not isinstance(data, list) or not all(isinstance(resource, dict) for resource in data):
        raise _error(Category.UNEXPECTED_BODY, url, "The page has no list of resources in its member data.")
    return data


def _next(page: dict[str, Any]) -> str | None:
    links = page.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    return following if isinstance(following, str) and following else None


def _check(following: str, url: str, visited: set[str], max_pages: int) -> None:
    origin = origin_of(following)
    if origin is None or origin != origin_of(url):
        where = f"{origin[0]}://{origin[1]}:{origin[2]}" if origin else "no proper address"
        raise _error(Category.REFUSED_ADDRESS, url, f"The next page lies elsewhere, at {where}.")
    if following in visited:
        raise _error(Category.REFUSED_ADDRESS, url, "The pages go round in a circle.")
    if len(visited) + 1 >= max_pages:
        raise _error(Category.REFUSED_ADDRESS, url, f"The list did not end within {max_pages} pages.")


def _error(category: Category, url: str, message: str) -> AppStoreError:
    return AppStoreError(category=category, message=message, method="GET", path=printable_path(url))
