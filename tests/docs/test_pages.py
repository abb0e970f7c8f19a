"""The pages lead somewhere: every link, every command and every section that something points to exists."""

import re
from pathlib import Path

import pytest
import typer.main

from tthc import settings
from tthc.cli.application import build

ROOT = settings.root()
PAGES = [
    path
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if path.exists()
]


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def test_there_are_pages():
    assert len(PAGES) >= 15


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_command_that_a_page_names_exists(page):
    known = typer.main.get_command(build()).commands
    quarantine = known["quarantine"].commands
    make = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    text = page.read_text(encoding="utf-8")
    written = re.findall(
        r"(?:`|^ +\S*|: |\bbin/)tthc ([a-z][a-z0-9-]*)(?: ([a-z]+))?", text, flags=re.MULTILINE
    )
    unknown = [command for command, _ in written if command not in known]
    unknown += [sub for command, sub in written if command == "quarantine" and sub and sub not in quarantine]
    unknown += [target for target in re.findall(r"`make ([a-z-]+)", text) if target not in make]
    assert unknown == []


def test_the_readme_shows_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(r"bin/tthc [a-z]+", text)) >= 8


def test_every_section_of_the_counting_rules_that_something_points_to_exists():
    text = (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^## (\d)\. ", text, flags=re.MULTILINE))
    pointing = [
        *(ROOT / "sql").rglob("*.sql"),
        *(ROOT / "indicators").glob("*.yaml"),
        *(ROOT / "tests/sql").rglob("*.yaml"),
    ]
    wanted = {
        number
        for path in pointing
        for listed in re.findall(
            r"docs/counting\.md, (?:sections?|mục) ([\d, and–]+)", path.read_text(encoding="utf-8")
        )
        for number in re.findall(r"\d", listed)
    }
    assert wanted, "nothing points to the counting rules"
    assert wanted <= sections
