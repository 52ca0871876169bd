"""A small run of what `python -m bench.hosts` does at full size."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import networks

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not networks.permitted(), reason="no network namespaces can be made here")
def test_two_hosts_that_lose_redis_postgresql_and_one_another_send_each_mail_once():
    command = [sys.executable, "-m", "bench.hosts", "--deliveries", "400", "--seconds", "90"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  kept  ") == 10
