"""What a worker has in memory before its first mail: each of its processes has it, whatever it does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTED = """
import sys
from workers import __main__ as start
start._go_without()
import celery.apps.worker
from workers import tasks
from digest import logs
logs.configure(True)
assert tasks.service().dispatcher
print(*(name for name, module in sys.modules.items() if module))
"""
# Terminals, other databases' migrations, pages and their servers, what counts rates nobody set, what reads sources.
NEVER = {
    "PIL", "alembic", "click_repl", "dns", "email_validator", "hypothesis", "limits", "numpy", "prometheus_client",
    "prompt_toolkit", "psutil", "pycparser", "pygments", "rich", "selectolax", "stamina", "starlette", "tenacity",
    "typer", "uvicorn",
}  # fmt: skip
ROOMS = ("digest.cli", "digest.web", "digest.sample", "digest.sources")


def test_a_process_that_delivers_has_imported_nothing_that_it_does_not_use():
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("DIGEST_")}
    ran = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    modules = set(ran.stdout.split())
    assert "digest.jobs.delivery.round" in modules
    assert {name.partition(".")[0] for name in modules} & NEVER == set()
    assert [name for name in modules if name.startswith(ROOMS)] == []


def test_a_worker_says_what_it_can_be_told():
    ran = subprocess.run([sys.executable, "-m", "workers", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0
    assert "--concurrency N" in ran.stdout
