"""What the pages for people name is there: pages, pictures, files, functions, commands of make, tests."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from digest.settings.loading import unknown
from tests.docs.tables import TABLES

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
# What the changelog tells of the past need not be there any more.
OF_TODAY = [page for page in PAGES if page.name != "CHANGELOG.md"]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
FOLDERS = "bench", "deploy", "digest", "docs", "templates", "tests", "workers"
FILE = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*\w)`")
STEP = re.compile(r"`((?:digest|workers)/[\w/]+\.py)` `(\w+)`")
TEST = re.compile(r"`(test_\w+)`")
TARGET = re.compile(r"`make ([a-z-]+)")
# What a recipe tells to make.
NEW = re.compile(r"^New file `(.+?)`", re.MULTILINE)

# What the recipe for a setting adds.
NEW_SETTINGS = {"DIGEST_GREETING"}


def name(page):
    return str(page.relative_to(ROOT))


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def defined(file):
    """The names that a module defines at its top."""
    return {getattr(node, "name", "") for node in ast.parse((ROOT / file).read_text()).body}


@cache
def every_test():
    found = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        found |= set(re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_to_a_page_or_a_picture_leads_somewhere(page):
    for path, anchor in LINK.findall(page.read_text()):
        there = page.parent / path if path else page
        assert there.exists(), path
        assert not anchor or anchor in anchors(there), f"{path}#{anchor}"


@pytest.mark.parametrize("page", OF_TODAY, ids=name)
def test_every_file_that_a_page_names_is_there(page):
    text = page.read_text()
    named = set(FILE.findall(text)) - set(NEW.findall(text))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", OF_TODAY, ids=name)
def test_every_step_leads_to_a_function(page):
    steps = STEP.findall(page.read_text())
    assert [step for step in steps if step[1] not in defined(step[0])] == []


@pytest.mark.parametrize("page", OF_TODAY, ids=name)
def test_every_test_that_a_page_names_is_there(page):
    assert sorted(set(TEST.findall(page.read_text())) - every_test()) == []


def test_every_broken_set_up_has_a_test_that_makes_it():
    _, table = (ROOT / "docs" / "doctor.md").read_text().split("## Thirty broken set-ups")
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 30
    assert [row for row in rows if not TEST.search(row.split("|")[-2])] == []


@pytest.mark.parametrize("page", OF_TODAY, ids=name)
def test_every_target_that_a_page_names_is_there(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall(page.read_text())) <= targets


def test_every_room_is_on_the_map():
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [path for path in (ROOT / "digest").iterdir() if path.name[0] not in "_." and path.suffix in ("", ".py")]
    assert [name(path) for path in rooms if f"`{name(path)}`" not in text] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_in_the_documentation_is_that_of_the_code(table):
    text = table.page.read_text()
    assert text == table.within(text), "run `python -m tests.docs`"


def test_every_page_is_on_the_front_page_of_the_documentation():
    index = (ROOT / "docs" / "index.md").read_text()
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md"]
    assert [page for page in pages if f"({page})" not in index] == []


@pytest.mark.parametrize("page", OF_TODAY, ids=name)
def test_every_setting_that_a_page_names_is_one(page):
    named = set(re.findall(r"`(DIGEST_[A-Z_]+)", page.read_text())) - NEW_SETTINGS
    assert unknown(list(named)) == []


def test_nobody_scrolls_through_the_readme_for_long():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
