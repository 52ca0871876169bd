"""Programs that check what is in deploy/: found, or the test is skipped and says which package has them."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def need(program, package):
    """The path of a program; without it the test is skipped."""
    # Debian keeps what is for root in /usr/sbin, which is not on everybody's path.
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{program} is not here: apt-get install {package}")
    return found


def run(*command, **options):
    """Run a program to its end; what it says comes back as one text."""
    done = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, **options
    )
    return done.returncode, done.stdout
