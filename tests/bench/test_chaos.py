"""A small run of what `make chaos` does at full size."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_whatever_fails_nobody_is_lost_and_hardly_anything_comes_twice():
    command = [sys.executable, "-m", "bench.chaos", "--deliveries", "600", "--kills", "4", "--seconds", "90"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  kept  ") == 10
