"""What a person who types `manage.py help` finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = ("ascrecon", "ascrecon.jobs", "reports", "subscriptions")
OWN = sorted((name, str(app)) for name, app in get_commands().items() if app in APPS)
LEAST_WORDS = 3


def documents() -> str:
    found = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").glob("*.md")]
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


@pytest.mark.parametrize(("name", "app"), OWN)
def test_it_says_in_its_help_what_a_command_does(name: str, app: str) -> None:
    said = str(load_command_class(app, name).help)

    assert len(said.split()) >= LEAST_WORDS


@pytest.mark.parametrize(("name", "app"), OWN)
def test_it_names_each_command_in_the_documents(name: str, app: str) -> None:
    assert re.search(rf"(manage\.py |`){name}\b", documents()), f"say in README.md what manage.py {name} is for"


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", (REPOSITORY / "README.md").read_text(encoding="utf-8")))
def test_it_links_in_its_readme_to_files_that_exist(path: str) -> None:
    assert (REPOSITORY / path).is_file()
