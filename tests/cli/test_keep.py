"""`digest keep`: what it runs comes again, ends when it should, and finds the port it is told of."""

import signal
import subprocess
import sys

import pytest

from digest.cli.keep import environment
from tests.support.waiting import wait_until

KEEP = [sys.executable, "-c", "from digest.cli import main; main()", "keep", "--after", "0"]


def keep(*words, **more):
    return subprocess.Popen([*KEEP, *words], **more)


def test_it_starts_again_until_a_setting_is_wrong(tmp_path):
    (tmp_path / "runs.sh").write_text("echo x >>runs; exit $([ $(wc -l <runs) -lt 3 ] && echo 1 || echo 2)")
    assert keep("sh runs.sh", cwd=tmp_path).wait(20) == 2
    assert (tmp_path / "runs").read_text() == "x\n" * 3


def test_once_is_enough_when_it_ended_well(tmp_path):
    (tmp_path / "runs.sh").write_text("echo x >>runs; [ $(wc -l <runs) = 2 ]")
    assert keep("--once", "sh runs.sh", cwd=tmp_path).wait(20) == 0
    assert (tmp_path / "runs").read_text() == "x\n" * 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_it_ends_what_it_runs_and_that_has_time_to_end_well(tmp_path, number):
    (tmp_path / "runs.sh").write_text("trap 'echo well >ended; exit' TERM; echo >began; while :; do sleep 0.05; done")
    kept = keep("sh runs.sh", cwd=tmp_path)
    wait_until((tmp_path / "began").exists)
    kept.send_signal(number)
    assert kept.wait(20) == 0
    assert (tmp_path / "ended").read_text() == "well\n"


@pytest.mark.parametrize(
    ("port", "seen"), [("5000", "8000"), ("5001", "8001"), ("5100", "5100"), ("9000", "9000"), ("x", "x")]
)
def test_the_port_of_honcho_becomes_ours_and_one_that_was_chosen_stays(port, seen):
    assert environment({"PORT": port, "HONCHO_PROCESS_NAME": "web.1"})["PORT"] == seen
    assert environment({"PORT": port})["PORT"] == port
