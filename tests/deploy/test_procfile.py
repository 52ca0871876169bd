"""The Procfile under honcho as it comes: the parts stay up, and come again when one of them dies."""

import os
import signal
import subprocess
import sys

import pytest

from tests.deploy.tools import ROOT
from tests.support.waiting import wait_until

# Stand-ins for the programs that the lines start: each says what it was told, and stays.
PROGRAM = f"""#!/bin/sh
case $1 in keep) shift; exec {sys.executable} -c 'from digest.cli import main; main()' keep --after 0 "$@" ;; esac
echo "$(basename $0) $*" >>"$TOLD"
case $1 in migrate) exit 0 ;; esac
echo $$ >"$TOLD.$(echo "$*" | tr -dc 'a-z')"
exec sleep 60
"""


@pytest.fixture
def honcho(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("uvicorn", "celery", "python", "digest"):
        (programs / name).write_text(PROGRAM)
        (programs / name).chmod(0o755)
    told = {"TOLD": str(tmp_path / "told"), "PYTHONPATH": str(ROOT)}
    environment = {"PATH": f"{programs}:/usr/bin:/bin", **told}
    process = subprocess.Popen(
        [sys.executable, "-m", "honcho", "-f", ROOT / "Procfile", "-d", tmp_path, "start"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.terminate()
    process.wait(20)


def wait_for(honcho, true):
    wait_until(lambda: honcho.poll() is not None or true())
    assert honcho.poll() is None, "one part ended, and took all the others along"


def started(tmp_path, part):
    """The process that a part runs in; 0 while it is being started."""
    [said] = [path for path in tmp_path.glob("told.*") if part in path.suffix]
    return int(said.read_text().strip() or 0)


def test_honcho_as_it_comes_keeps_every_part_up(honcho, tmp_path):
    told = tmp_path / "told"
    wait_for(honcho, lambda: told.exists() and len(told.read_text().splitlines()) == 4)
    wait_for(honcho, lambda: len([path for path in tmp_path.glob("told.*") if path.read_text().strip()]) == 3)
    lines = told.read_text().splitlines()
    assert "digest migrate" in lines
    # Where DIGEST_BASE_URL says that the endpoint is, and not where honcho would have it.
    assert any(line.startswith("uvicorn") and "--port 8000" in line for line in lines)
    running = {part: started(tmp_path, part) for part in ("mworkers", "beat", "web")}
    for part in running:
        before = {name: started(tmp_path, name) for name in running}
        os.kill(before[part], signal.SIGKILL)
        wait_for(honcho, lambda part=part, first=before[part]: started(tmp_path, part) not in (0, first))
        # Nobody else noticed.
        assert {name for name in running if started(tmp_path, name) != before[name]} == {part}
    assert honcho.poll() is None
    assert len(told.read_text().splitlines()) == 4 + len(running)
    honcho.terminate()
    assert honcho.wait(10) is not None
    with pytest.raises(ProcessLookupError):
        os.kill(started(tmp_path, "mworkers"), 0)
