"""The parts of a service on one machine: processes started together and ended together, none left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from digest.cli.errors import Failed
from digest.settings import Settings
from digest.settings.fields import PREFIX

# Longer than a worker needs to finish what it holds.
SECONDS_TO_END = 8.0
GLANCE_SECONDS = 0.05


class Processes:
    """Processes, each in a session of its own, so that Ctrl-C reaches us alone and we end them in order.

    They know no setting but those they are given: they start in a folder of their own, where no `.env` is.
    """

    def __init__(self, folder: Path) -> None:
        self.logs = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, line: str, environment: Mapping[str, str]) -> None:
        """Start a part as a Procfile line says; what it prints goes to a file of its own."""
        # The scripts beside our own Python come first: the environment need not be activated.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        # Settings count in any case.
        inherited = {key: value for key, value in os.environ.items() if not key.upper().startswith(PREFIX)}
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {line}"],
                env={**inherited, **environment, "PATH": path},
                cwd=self.logs,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise Failed if a part has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                said = self._log(name).read_text(errors="replace").strip().splitlines()
                raise Failed(
                    f"{name} stopped: {said[-1] if said else f'exit {process.returncode}'} (see {self._log(name)})"
                )

    def wait_for_port(self, port: int, seconds: float = 20.0) -> None:
        """Return when something listens."""
        end = time.monotonic() + seconds
        while not _listens(port):
            self.check()
            if time.monotonic() > end:
                raise Failed(f"nothing answers on port {port} after {seconds:.0f} s (see {self.logs})")
            time.sleep(GLANCE_SECONDS)

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The last started first: workers go before the broker they talk to.
        for process in reversed(self._running.values()):
            _end(process)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a session to end, wait, and insist; children included, should their parent be gone."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_END)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that say what is not as it is by default."""
    said = {name: value for name, value in settings if value != Settings.model_fields[name].default}
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in said.items()}


def free_port(wanted: int) -> int:
    """The port wanted, or any other if that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failed("this machine has no free port")
