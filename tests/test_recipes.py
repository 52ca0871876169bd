"""The recipes of CONTRIBUTING, followed to the letter on a copy of the code."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from email import message_from_string
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.page_server import PageServer

ROOT = Path(__file__).parents[1]
RECIPES = (ROOT / "CONTRIBUTING.md").read_text().split("\n## ")[1:]
STEP = re.compile(
    r"^(?:New file `(?P<new>[^`]+)`|In `(?P<file>[^`]+)`, "
    r"(?:below `(?P<below>[^`]+)`|`(?P<old>[^`]+)` becomes `(?P<becomes>[^`]+)`))[:.]"
    r"(?:\n\n```\w*\n(?P<text>.*?)^```)?",
    re.MULTILINE | re.DOTALL,
)


class Copy(NamedTuple):
    """A copy of the code, where a recipe was followed."""

    folder: Path

    def run(self, program, *words, **settings):
        """Run a program of Python in it; return what it prints."""
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder), **settings}
        command = [sys.executable, "-c", program, *words]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def digest(self, *words, **settings):
        return self.run("from digest.cli import main; main()", *words, **settings)

    def follow(self, step):
        if step["new"]:
            file = self.folder / step["new"]
            file.parent.mkdir(exist_ok=True)
            file.write_text(step["text"])
            return
        file = self.folder / step["file"]
        before = file.read_text()
        if step["below"]:
            [line] = [line for line in before.splitlines(keepends=True) if line.strip() == step["below"]]
            file.write_text(before.replace(line, line + step["text"], 1))
        else:
            assert before.count(step["old"]) == 1, step["old"]
            file.write_text(before.replace(step["old"], step["becomes"]))


@pytest.fixture
def followed(tmp_path):
    """Gives a function that follows a recipe on a copy of the code."""
    for folder in ("digest", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".env.example", tmp_path)

    def follow(title):
        copy = Copy(tmp_path)
        [recipe] = [recipe for recipe in RECIPES if recipe.startswith(f"{title}\n")]
        for step in STEP.finditer(recipe):
            copy.follow(step)
        return copy

    return follow


def test_every_recipe_is_followed_here():
    followed_here = set(re.findall(r'followed\("(.+?)"\)', Path(__file__).read_text()))
    assert {recipe.partition("\n")[0] for recipe in RECIPES} == followed_here


COLLECT = """
import sys
from datetime import date
from digest.sources import by_name, fetch

with fetch.client(base_url="https://papers.example.org") as client:
    result, _ = fetch.collect(by_name("bulletin"), date(2025, 12, 24), base_url=sys.argv[1], client=client)
print(*[listing.paper for listing in result.listings], *result.dropped, result.problem, sep="\\n")
"""


def test_add_a_source(followed):
    papers = [{"number": 7, "title": "On Tides", "by": ["Ada Lovelace"]}, {"number": 8}]
    with PageServer(today=date(2025, 12, 24)) as pages:
        pages.answers("/bulletin/2025-12-24.json", json.dumps(papers).encode())
        good, dropped, problem = followed("Add a source").run(COLLECT, pages.url).splitlines()
    assert "id='bulletin:7', title='On Tides'" in good
    assert "Ada Lovelace" in good
    assert dropped.startswith("record 2: KeyError")
    assert not problem


COMPOSE = """
from datetime import UTC, datetime
from digest.bootstrap import composer
from digest.sample import mails
from digest.settings import Settings

mail = mails.compose(composer(Settings()), datetime(2025, 12, 24, 18, tzinfo=UTC))["anniversary"]
print(mail.content.decode())
"""


def test_add_a_mail(followed):
    mail = message_from_string(followed("Add a mail").run(COMPOSE))
    assert mail["Subject"] == "A year with Paper Digest"
    assert mail["List-Unsubscribe"]
    assert [part.get_content_type() for part in mail.get_payload()] == ["text/plain", "text/html"]
    assert all("still your topics?" in part.get_payload(decode=True).decode() for part in mail.get_payload())


def test_add_a_setting(followed):
    copy = followed("Add a setting")
    asked = "from digest.settings import load; print(load().greeting)"
    assert copy.run(asked) == "Hello\n"
    assert copy.run(asked, DIGEST_GREETING="Moin") == "Moin\n"
    example = (copy.folder / ".env.example").read_text()
    (copy.folder / ".env").write_text(example.replace("#DIGEST_GREETING='Hello'", "DIGEST_GREETING='Servus'"))
    assert copy.run(asked) == "Servus\n"


def test_add_a_command(followed):
    copy = followed("Add a command")
    assert "busiest" in copy.digest("--help")
    assert copy.digest("busiest", "--json") == ""


SHOW = """
import asyncio
import httpx
from digest.settings import Settings
from digest.web import create_app

async def show():
    transport = httpx.ASGITransport(create_app(Settings(broker_url="redis://127.0.0.1:1/0")))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        return await client.get("/about")

answer = asyncio.run(show())
print(answer.status_code, answer.headers["Content-Security-Policy"].split(";")[0], answer.text)
"""


def test_add_a_page(followed):
    copy = followed("Add a page")
    copy.digest("migrate")
    assert copy.run(SHOW).startswith("200 default-src 'none' <!doctype html>")
