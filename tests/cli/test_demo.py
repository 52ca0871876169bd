"""The demo: it runs on parts of its own, whatever the operator has set for the real service."""

import json
import sys
from pathlib import Path

from digest.cli import demo
from digest.cli.demo.processes import Processes, environment_of
from digest.settings import Settings, load
from tests.support.waiting import wait_until

# One of the operator's own for every setting that leads anywhere.
THEIRS = {
    "DATABASE_URL": "sqlite:///theirs.sqlite3",
    "BROKER_URL": "redis://broker.example.org:6379/0",
    "SMTP_URL": "smtp://relay.example.org",
    "SMTP_RATE": "1",
    "BASE_URL": "https://papers.example.org",
    "SECRET_KEY": "their key to the real service",
    "MAIL_FROM": "Papers <digest@papers.example.org>",
    "MAIL_DOMAIN": "papers.example.org",
    "BOUNCE_MAILBOX_URL": "imaps://bounces:secret@imap.example.org/INBOX",
    "POSTAL_ADDRESS": "1 Road, Town",
    "DKIM_SELECTOR": "s1",
    "DKIM_PRIVATE_KEY": "their.pem",
    "OPERATOR_EMAIL": "operator@example.org",
    "SOURCES": "arxiv",
    "ARXIV_URL": "https://arxiv.example.org",
    "ENV": "production",
    "NOW": "2025-12-24T18:00:00+00:00",
    "HUGGINGFACE_URL": "http://127.0.0.1:1",
}
PORTS = {name: number for number, name in enumerate(("web", "inbox", "smtp", "imap", "broker"), 4000)}
SAY_THEM = "from digest.settings import load; print(load().model_dump_json())"


def test_no_part_of_the_demo_learns_what_is_set_for_the_real_service(monkeypatch):
    Path(".env").write_text("".join(f"DIGEST_{name}={value}\n" for name, value in THEIRS.items()))
    # The environment counts more than the file, in lower case too.
    monkeypatch.setenv("digest_bounce_mailbox_url", THEIRS["BOUNCE_MAILBOX_URL"])
    monkeypatch.setenv("DIGEST_SMTP_URL", "smtp://another.example.org")
    folder = Path("var")
    folder.mkdir()
    settings = demo.own_settings(load(), PORTS, folder)
    kept = {name for name, value in settings if value != Settings.model_fields[name].default}
    assert kept == {"database_url", "broker_url", "smtp_url", "base_url", "huggingface_url", "now"}
    assert all("example.org" not in str(value) and "theirs" not in str(value) for _, value in settings)
    assert json.loads(_said_by_a_part(folder, settings)) == json.loads(settings.model_dump_json())


def _said_by_a_part(folder, settings):
    with Processes(folder) as parts:
        parts.start("web", f"{sys.executable} -c '{SAY_THEM}'", environment_of(settings))
        wait_until(lambda: (folder / "web.log").read_text().endswith("\n"))
        return (folder / "web.log").read_text()
