"""What `digest doctor` says of processes that were killed, have just started, or are run by systemd; of the pipe."""

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest

from digest.bootstrap import Service
from digest.cli.doctor import Health, mailbox, processes
from digest.jobs import heartbeat
from digest.jobs.heartbeat import Heart
from digest.settings import Settings
from digest.store import heartbeats
from digest.store.engine import connect
from digest.store.heartbeats import Heartbeat
from tests.support.command import Digest


@pytest.fixture
def url(sqlite, tmp_path):
    return sqlite(tmp_path)


@pytest.fixture
def engine(url):
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def told(url):
    """What is said of a process, with its mend."""

    def told(process):
        with Service(Settings(database_url=url)) as service:
            found = list(processes.look(service, None))
        return [(one.health, f"{one.said}; {one.todo}") for one in found if one.what == process]

    return told


def heard(engine, process, pid, ago):
    heartbeats.beat(engine, Heartbeat(process, "one", pid, "1", datetime.now(UTC) - ago))


def test_one_that_was_killed_is_not_counted_with_those_that_run(engine, told):
    heard(engine, "beat", 7, 2.5 * heartbeat.EVERY)
    heard(engine, "beat", 8, timedelta(0))
    [silent, runs] = told("beat")
    assert (silent[0], silent[1].startswith("one on one (7) fell silent 15")) == (Health.WARNING, True)
    assert runs == (Health.FINE, "1 alive, version 1; ")


def test_the_only_one_that_was_killed_says_how_to_start_it(engine, told):
    heard(engine, "worker", 7, 2.5 * heartbeat.EVERY)
    [(health, said)] = told("worker")
    assert (health, "fell silent" in said, "python -m workers" in said) == (Health.WARNING, True, True)


def test_two_that_miss_no_more_than_one_beat_are_two(engine, told):
    for pid in (7, 8):
        heard(engine, "beat", pid, 1.5 * heartbeat.EVERY)
    assert [said.partition(",")[0] for _, said in told("beat")] == ["2 alive", "2 run"]


def test_a_timetable_that_could_not_begin_yet_is_no_fault(engine, told, monkeypatch):
    heard(engine, "timetable", 0, timedelta(days=1))
    with Heart("beat", lambda: connect(engine.url)):
        while "beat" not in heartbeats.newest(engine):
            pass
        [(health, said)] = told("timetable")
        assert (health, said.startswith("not yet")) == (Health.WARNING, True)
        monkeypatch.setattr(heartbeat, "FIRST_TASK_WITHIN", timedelta(0))
        [(health, said)] = told("timetable")
        assert (health, "does not reach the others" in said) == (Health.BROKEN, True)


def test_where_units_are_installed_they_are_named(engine, told, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "FOLDERS_OF_UNITS", [str(tmp_path)])
    assert "`web` of the Procfile, or `uvicorn digest.web:app" in told("web")[0][1]
    for name in ("web", "worker@"):
        (tmp_path / f"paper-digest-{name}.service").touch()
    assert "`systemctl start paper-digest-web`" in told("web")[0][1]
    assert "`systemctl start paper-digest-worker@1`" in told("worker")[0][1]
    assert "`beat` of the Procfile" in told("beat")[0][1]


def test_a_pipe_that_brought_something_is_no_lack_of_a_mailbox(url, monkeypatch):
    def look():
        with Service(Settings(database_url=url)) as service:
            [found] = mailbox.look(service)
        return found

    assert (look().health, "digest doctor --mail" in look().todo) == (Health.WARNING, True)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Subject: hello\r\n\r\nhello")))
    assert Digest(database_url=url)("bounce").code == 0
    assert (look().health, "took something in at" in look().said) == (Health.FINE, True)
