"""What the units start says nothing but JSON in production, from its first line to its last, whoever says it."""

import configparser
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from digest.store import heartbeats
from digest.store.engine import connect
from tests.deploy.tools import DEPLOY, ROOT
from tests.support.waiting import wait_until

PROCESSES = {"web", "worker", "beat"}
PATIENCE_SECONDS = 40


def command(process):
    """What a unit starts, from this interpreter, on any port, and as talkative as it can be."""
    [unit] = (DEPLOY / "systemd").glob(f"paper-digest-{process}*.service")
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.read(unit)
    program, *words = shlex.split(found["Service"]["ExecStart"])
    told = " ".join(words).replace("--port 8000", "--port 0").replace("%i@%H", "one").replace("warning", "info")
    module = [] if Path(program).name == "python" else ["-m", Path(program).name]
    return [sys.executable, *module, *told.split()]


@pytest.fixture
def running(tmp_path, sqlite, broker):
    """All three, each writing to a file."""
    url, started = sqlite(tmp_path), []
    settings = {
        "ENV": "production",
        "BASE_URL": "https://papers.example.org",
        "SECRET_KEY": "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        "POSTAL_ADDRESS": "1 Example Street",
        "MAIL_FROM": "digest@papers.example.org",
        "DATABASE_URL": url,
        "BROKER_URL": broker,
        # A relay that is away is talked about.
        "SMTP_URL": "smtp://127.0.0.1:1",
    }
    environment = os.environ | {f"DIGEST_{name}": value for name, value in settings.items()}
    for process in PROCESSES:
        with (tmp_path / process).open("wb") as out:
            started.append(
                subprocess.Popen(
                    command(process), env=environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
                )
            )
    try:
        yield connect(url), started, tmp_path
    finally:
        for each in started:
            if each.poll() is None:
                os.killpg(each.pid, signal.SIGKILL)


def is_whole(line):
    try:
        return {"event", "level", "timestamp"} <= json.loads(line).keys()
    except ValueError:
        return False


@pytest.mark.slow
def test_every_line_of_every_process_is_json_in_production(running):
    engine, started, folder = running
    wait_until(
        lambda: heartbeats.newest(engine).keys() >= PROCESSES,
        PATIENCE_SECONDS,
        lambda: {each: (folder / each).read_text() for each in PROCESSES},
    )
    for each in started:
        each.terminate()
        each.wait(PATIENCE_SECONDS)
    for process in PROCESSES:
        said = (folder / process).read_text().splitlines()
        assert said, process
        assert [line for line in said if not is_whole(line)] == []
