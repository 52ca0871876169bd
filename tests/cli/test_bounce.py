"""`digest bounce` as a mail server runs it: what its exit code says, and what of us a stranger may read."""

import json
import mailbox
import os
import subprocess
import sys

import pytest

from tests.support.command import Digest
from tests.support.returned import a_letter, report

MAIN = "from digest.cli import main; main()"


def piped(content, *words, cwd, **settings):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    environment |= {f"DIGEST_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-c", MAIN, *words]
    return subprocess.run(command, input=content, cwd=cwd, env=environment, capture_output=True)


@pytest.fixture
def url(sqlite, tmp_path):
    return sqlite(tmp_path)


def is_asked_for_later(ran):
    """75 and one bare line: anything else, Postfix returns to a reader, who only wants to leave."""
    said = ran.stderr.decode()
    return ran.returncode == 75 and said.count("\n") == 1 and "Traceback" not in said


def test_a_message_nobody_understands_is_taken(url, tmp_path):
    assert piped(b"Hello", "bounce", cwd=tmp_path, database_url=url).returncode == 0


def test_without_any_settings_it_refuses_and_makes_no_database(tmp_path):
    ran = piped(report(), "bounce", cwd=tmp_path)
    assert is_asked_for_later(ran)
    assert b"--env-file" in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"secret_key": "a key"},
        {"database_url": "sqlite:///var/digest.sqlite3"},
        {"database_url": "postgresql://digest:hush@127.0.0.1:1/papers"},
        {"database_url": "nonsense"},
        {"env": "production"},
        {"smtpurl": "smtp://localhost"},
        {"env_file": "/nowhere/.env"},
        {"database_url": "sqlite:////nowhere/papers.sqlite3"},
        {"secret_key": "a key", "dkim_private_key": "/nowhere/papers.pem", "dkim_selector": "a"},
    ],
)
def test_whatever_may_be_mended_is_asked_for_later_and_names_nobody(tmp_path, settings):
    ran = Digest(**settings)("bounce", stdin=report())
    assert (ran.code, ran.err.count("\n")) == (75, 1)
    assert not any(name in ran.err for name in ("hush", "127.0.0.1", "papers", "nowhere", str(tmp_path), "Traceback"))
    assert list(tmp_path.iterdir()) == []


def test_a_moment_that_is_none_and_a_file_that_is_no_database_are_asked_for_later(url, tmp_path):
    (tmp_path / "x").write_text("hello " * 1000)
    assert is_asked_for_later(piped(report(), "--now", "soon", "bounce", cwd=tmp_path, database_url=url))
    assert is_asked_for_later(piped(report(), "bounce", cwd=tmp_path, database_url=f"sqlite:///{tmp_path}/x"))


def test_the_file_of_settings_may_be_named_from_any_folder(url, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine.env").write_text(f"DIGEST_DATABASE_URL='{url}'\n")
    words = ("--env-file", str(tmp_path / "mine.env"), "bounce")
    assert piped(report(), *words, cwd=tmp_path / "elsewhere").returncode == 0


def test_explaining_takes_files_folders_and_boxes_and_says_a_line_each(tmp_path):
    (tmp_path / "one.eml").write_bytes(report())
    box = mailbox.mbox(tmp_path / "box")
    for content in (report(), a_letter("Hello")):
        box.add(content)
    box.close()
    maildir = mailbox.Maildir(tmp_path / "Maildir")
    maildir.add(report())
    ran = piped(b"", "bounce", "--explain", "one.eml", "box", "Maildir", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row["kind"] for row in rows] == ["hard", "hard", "none", "hard"]
    assert [row["file"] for row in rows[:3]] == ["one.eml", "box:1", "box:2"]


def test_files_are_only_explained_and_one_that_is_not_there_is_misused(tmp_path, url):
    assert piped(b"", "bounce", "one.eml", cwd=tmp_path, database_url=url).returncode == 2
    ran = piped(b"", "bounce", "--explain", "none.eml", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (2, b"digest: cannot read none.eml: No such file or directory\n")
