"""`digest keep 'COMMAND'`: a part of the service, started again whenever it dies, for a Procfile.

honcho ends everything when one part ends, whichever that is. Kept parts end alone, and come again. It needs no setting.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Annotated

import typer

from digest.cli.commands import app_of

# As long as systemd's units wait: RestartSec.
AGAIN_AFTER_SECONDS = 5.0
GLANCE_SECONDS = 0.1
# A setting that cannot be used: trying again would not help.
MISUSED = 2
# honcho gives its first part port 5000, the next of the same kind 5001, and so on, unless one is asked for.
HONCHOS, OURS, OF_ONE_KIND = 5000, 8000, 100

app = app_of()


@app.command()
def keep(
    command: Annotated[str, typer.Argument(help="One program with its arguments, as a shell reads them.")],
    once: Annotated[bool, typer.Option("--once", help="Stop once it has ended well; under honcho, stay.")] = False,
    after: Annotated[float, typer.Option(help="Seconds until it is started again.", min=0)] = AGAIN_AFTER_SECONDS,
) -> None:
    """Run a part of the service, and again whenever it ends; until it exits with 2, or we are asked to end."""
    raise typer.Exit(Keeper(command, after).keep(once))


class Keeper:
    """Runs one command at a time, in our own process group, so that who ends the group ends it too."""

    def __init__(self, command: str, after: float) -> None:
        self._command, self._after = command, after
        self._child: subprocess.Popen[bytes] | None = None
        self._asked_to_end = False

    def keep(self, once: bool) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        while not self._asked_to_end:
            code = self._run()
            if code == MISUSED and not self._asked_to_end:
                return code
            if once and code == 0:
                break
            self._wait(f"ended with {code}; started again in {self._after:g} s")
        while once and not self._asked_to_end and _is_under_honcho():
            time.sleep(GLANCE_SECONDS)
        return 0

    def _run(self) -> int:
        # The shell makes way, so that what we ask to end is the program itself, and what we wait for, too.
        self._child = subprocess.Popen(["/bin/sh", "-c", f"exec {self._command}"], env=environment(os.environ))
        if self._asked_to_end:
            self._child.terminate()
        return self._child.wait()

    def _wait(self, why: str) -> None:
        end = time.monotonic() + self._after
        if not self._asked_to_end:
            sys.stderr.write(f"digest keep: {self._command.partition(' ')[0]} {why}\n")
        while not self._asked_to_end and time.monotonic() < end:
            time.sleep(min(GLANCE_SECONDS, self._after))

    def _end(self, *_: object) -> None:
        """End what we run, politely, however we were asked. Asked twice, it is the same: the group may have been."""
        self._asked_to_end = True
        if self._child:
            self._child.terminate()


def environment(given: os._Environ[str] | dict[str, str]) -> dict[str, str]:
    """What the command sees: port 8000, where the default of DIGEST_BASE_URL is, in place of honcho's own default."""
    port = given.get("PORT", "")
    own = port.isdecimal() and int(port) - HONCHOS in range(OF_ONE_KIND) and "HONCHO_PROCESS_NAME" in given
    return {**given, "PORT": str(int(port) - HONCHOS + OURS)} if own else dict(given)


def _is_under_honcho() -> bool:
    return "HONCHO_PROCESS_NAME" in os.environ
