"""`digest backup`, `restore` and `migrate --check`: what comes back, and what is not sent twice after it."""

import sqlite3
from datetime import timedelta

import pytest

from digest.domain import State, Status
from digest.jobs import delivery, restoring
from digest.jobs.delivery import round as rounds
from digest.store import ledger, readers
from digest.store.backup import RESTORED
from digest.store.engine import connect
from tests.cli.test_cli import Digest
from tests.support.factories import NOW, a_paper
from tests.support.service import Service
from tests.support.visitor import a_subscriber, dump

A_DAY = timedelta(days=1)


@pytest.fixture
def url(tmp_path, request):
    return request.getfixturevalue("sqlite")(tmp_path)


def digest(url, *words):
    return Digest(database_url=url, secret_key="a key")(*words)


def test_a_copy_has_all_that_was_there_and_can_be_read_by_us_alone(url, tmp_path):
    engine = connect(url)
    reader = a_subscriber(engine)
    assert digest(url, "backup", f"{tmp_path}/backups/today").code == 0
    a_subscriber(engine, email="later@example.org")
    copy = tmp_path / "backups" / "today"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert digest(url, "restore", str(copy)).code == 1, "readers would be gone"
    engine.dispose()
    ran = digest(url, "restore", str(copy), "--force")
    assert (ran.code, ran.err) == (0, "")
    assert [(found.email, found.key) for found in readers.everyone(engine)] == [(reader.email, reader.key)]
    engine.dispose()


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_is_no_backup_is_refused_and_nothing_is_touched(url, tmp_path, content):
    engine = connect(url)
    a_subscriber(engine)
    before, file = dump(engine), tmp_path / "file"
    if content is None:
        sqlite3.connect(file).execute("CREATE TABLE other (id)")
    else:
        file.write_bytes(content)
    assert digest(url, "restore", str(file), "--force").code == 1
    assert dump(engine) == before
    engine.dispose()


def test_what_is_asked_wrongly_is_said(url, tmp_path):
    database = url.removeprefix("sqlite:///")
    assert digest(url, "backup", database).code == 2
    assert digest(url, "restore").code == 2
    assert digest(url, "restore", f"{tmp_path}/none").code == 2
    nowhere = digest("postgresql://127.0.0.1:1/none", "backup", f"{tmp_path}/copy")
    assert nowhere.code == 1
    assert "pg_dump" in nowhere.err


def test_yesterdays_ledger_restored_at_noon_sends_nobody_todays_digest_twice(engine, mail_server):
    """On both databases: what `restore` does after the rows are back."""
    service = Service(engine, mail_server)
    service.collects(a_paper(title="Speculative decoding"))
    ada = service.admits("ada@example.org", "speculative decoding")
    # The backup is from before this; then the digest went, and the ledger forgot it. It is noon.
    service.now += timedelta(hours=18)
    assert restoring.settle(engine, service.now) == 1
    assert service.sends() == {}
    assert mail_server.mails == []
    found = ledger.find(engine, 1)
    assert (found.state, found.reason) == (State.UNCERTAIN, RESTORED)
    # The next day goes on as ever, under a number that no lost mail can have had.
    service.collects(a_paper(title="Speculative decoding, again"))
    service.now += A_DAY
    assert service.sends() == {State.SENT: 1}
    assert max(row.id for row in dump(engine)["deliveries"]) > 1_000_000
    assert readers.find(engine, ada.id).status is Status.ACTIVE


def test_migrate_says_whether_the_schema_is_the_newest_and_goes_where_it_is_told(url):
    assert digest(url, "migrate", "--check").code == 0
    assert digest(url, "migrate", "--to", "0009").code == 0
    behind = digest(url, "migrate", "--check")
    assert behind.code == 1
    assert "run `digest migrate`" in behind.err
    assert digest(url, "migrate", "--to", "9999").code == 2
    assert digest(url, "migrate").code == 0
    assert digest(url, "migrate", "--check").code == 0


def test_in_the_middle_of_a_send_nobody_gets_a_mail_twice_and_no_paper_is_lost(url, tmp_path, mail_server, monkeypatch):
    """Yesterday's backup, half of today's digests gone; by the command, and what comes of it the day after."""
    monkeypatch.setattr(rounds, "GROUP", 2)
    engine = connect(url, ["a key"])
    service = Service(engine, mail_server)
    service.admits_many(6)
    service.sends()
    assert digest(url, "backup", f"{tmp_path}/yesterday").code == 0
    service.now += A_DAY
    service.collects(a_paper("2512.77777", title="Speculative decoding, today"), day=service.now.date())
    service.letters()
    chosen = []

    def select(matcher, profile, **more):
        chosen.append(profile)
        if len(chosen) == 5:
            raise KeyboardInterrupt
        return matcher.select(profile, **more)

    service.exchanged = {"select": select}
    with pytest.raises(KeyboardInterrupt):
        service.sends()
    had = set(mail_server.recipients)
    assert 0 < len(had) < 6
    engine.dispose()
    at = f"--now={service.now.isoformat()}"
    assert digest(url, at, "restore", f"{tmp_path}/yesterday", "--force").code == 0
    assert [file.name for file in tmp_path.glob("*restoring*")] == []
    service.exchanged = {}
    assert service.sends() == {}
    assert ledger.counts(engine)["uncertain"] == 6, "whoever was due may have had it"
    assert len(mail_server.mails) == len(had)
    # What was listed in the lost hours is collected again, and stands in everybody's next digest: for some once more.
    service.collects(a_paper("2512.77777", title="Speculative decoding, today"), day=service.now.date())
    service.letters()
    service.now += A_DAY
    assert service.sends() == {State.SENT: 6}
    assert all("Speculative decoding, today" in letter.text for letter in service.letters())
    engine.dispose()


def test_a_backup_that_cannot_be_settled_touches_nothing(url, tmp_path, monkeypatch):
    engine = connect(url)
    a_subscriber(engine)
    assert digest(url, "backup", f"{tmp_path}/copy").code == 0
    a_subscriber(engine, email="later@example.org")
    before = dump(engine)
    engine.dispose()
    monkeypatch.setattr(restoring, "settle", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        digest(url, "restore", f"{tmp_path}/copy", "--force")
    assert dump(engine) == before
    assert [file.name for file in tmp_path.glob("*restoring*")] == []
    engine.dispose()


def test_planning_after_a_restore_by_hand_is_planning_as_ever(engine):
    a_subscriber(engine)
    restoring.settle(engine, NOW)
    assert delivery.plan(engine, NOW) == 0
