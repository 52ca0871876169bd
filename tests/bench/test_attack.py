"""A small run of what `make attack` does at full size."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_no_attack_that_is_known_gets_through():
    command = [sys.executable, "-m", "bench.attack", "--small"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert done.stdout.splitlines()[-1].endswith("got through 0")
