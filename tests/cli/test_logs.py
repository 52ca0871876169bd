"""What a log never carries: addresses, passwords, tokens; and what it says once in a while only."""

import io
import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
import stamina
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from digest import logs
from digest.links import Links
from digest.store.engine import connect
from tests.support.factories import NOW, a_key

LINKS = Links("https://papers.example.org", ["0123456789abcdef"])


@pytest.fixture
def log(monkeypatch):
    """Set logging up as a service in production does, and give back the lines so far."""
    stream = io.StringIO()
    monkeypatch.setattr(logs, "sys", SimpleNamespace(stderr=stream))
    before = structlog.get_config(), list(logging.root.handlers), logging.root.level
    monkeypatch.setattr(logs, "_said", {})
    logs.configure(production=True, level=logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.configure(**before[0])
    logging.root.handlers[:], _ = before[1], logging.root.setLevel(before[2])
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.mark.parametrize(
    "secret",
    [
        "ada@example.org",
        "Ада@пример.рф",
        "<ada+papers@mail.example.org>",
        '"odd one"@example.org',
        LINKS.unsubscribe(a_key(7)),
        LINKS.confirm(a_key(7), 8, NOW),
        LINKS.bounce_address(a_key(7), 8, "papers.example.org"),
        a_key(7),
        "postgresql://digest:hush@db.example.org/digest",
        "redis://:hush@127.0.0.1:6379/0",
    ],
)
def test_nothing_of_a_reader_or_a_password_is_kept_wherever_it_is_said(log, secret):
    token = secret.rpartition("/")[2].split("@")[0]
    structlog.get_logger().error("mail.failed", why=f"550 {secret} unknown", of={"reader": [secret, (secret,)]})
    logging.getLogger("celery.app.trace").error("Task with %s raised", secret)
    try:
        raise ValueError(f"cannot write to {secret}")
    except ValueError:
        structlog.get_logger().exception("task.failed")
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    lines = log()
    assert len(lines) == 4
    assert all("timestamp" in line and "level" in line for line in lines)
    said = json.dumps(lines, ensure_ascii=False)
    assert "@" not in said
    assert "hush" not in said
    assert token == secret or token not in said or len(token) < 8


def test_a_statement_that_fails_is_logged_without_its_values(log, tmp_path):
    """On a full disk every insert fails, and its values are addresses and topics."""
    engine = connect(f"sqlite:///{tmp_path}/x.sqlite3")
    with engine.connect() as connection:
        try:
            connection.execute(
                text("INSERT INTO nowhere VALUES (:who, :topics)"), {"who": "ada", "topics": "my illness"}
            )
        except OperationalError:
            structlog.get_logger().exception("task.failed")
    [line] = log()
    assert "no such table" in json.dumps(line)
    assert "my illness" not in json.dumps(line)
    assert "ada" not in json.dumps(line)


def test_a_retry_is_logged_without_its_arguments(log):
    logs.say_retries()
    calls = []

    @stamina.retry(on=ValueError, attempts=2, wait_initial=0.001)
    def write(readers):
        calls.append(readers)
        if len(calls) < 2:
            raise ValueError("of ada@example.org")

    write(["my topic"] * 200)
    [line] = log()
    assert (line["event"], line["attempt"], line["why"]) == ("retry.scheduled", 1, "ValueError")
    assert len(json.dumps(line)) < 300


def test_what_is_away_for_long_is_said_once_in_a_while_without_a_traceback(log):
    for _ in range(500):
        structlog.get_logger().warning("broker.away", counted_alone="mails", why="refused")
        for name in ("celery.worker.consumer.consumer", "kombu.connection", "celery.beat", "celery.pool"):
            try:
                raise ConnectionError("Error 111 connecting to 127.0.0.1:6379. Connection refused.")
            except ConnectionError as error:
                logging.getLogger(name).error("Cannot connect to %s: %s", "redis://127.0.0.1:1//", error, exc_info=True)
    lines = log()
    assert len(lines) == 5
    assert "Traceback" not in json.dumps(lines)
    structlog.get_logger().warning("relay.away", why="another thing is said at once")
    assert len(log()) == 6


def test_the_level_asked_for_is_ours_too(log):
    logs.configure(production=True, level=logging.ERROR)
    structlog.get_logger().info("deliveries.sent", sent=1)
    structlog.get_logger().warning("worker.lost", deliveries=1)
    logging.getLogger("celery").warning("a warning")
    structlog.get_logger().error("mailbox.away", why="closed")
    assert [line["event"] for line in log()] == ["mailbox.away"]


def test_on_a_terminal_a_traceback_shows_no_variables():
    code = (
        "import structlog; from digest import logs; logs.configure(False)\n"
        "topics = 'my illness'\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: structlog.get_logger().exception('task.failed')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    assert "ZeroDivisionError" in said
    assert "my illness" not in said
