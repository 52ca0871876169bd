"""A judge of returned mails who cannot be broken: a process of its own, ended when a message takes too long."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from digest.bounces.limits import MOST_BYTES
from digest.bounces.outcome import NOTHING_READ, Reading
from digest.bounces.wire import READY, from_wire, receive, send

# An honest message takes milliseconds, the worst one known half a second; the rest is for a machine that is busy.
SECONDS_A_MESSAGE = 10
START = "from digest.bounces.child import main; main()"
# Starting takes a fifth of a second on a quiet machine.
SECONDS_TO_START = 20


class JudgeAway(Exception):
    """No process can be begun: the machine is at its end, and no message is to blame. Those that wait are kept."""


class Judge:
    """Judges one message after the other in one process, which is begun at the first and anew after each that broke it.

    For one thread at a time. A message that breaks it costs `seconds`, and is `unreadable`.
    """

    def __init__(self, seconds: int = SECONDS_A_MESSAGE, start: str = START) -> None:
        self._seconds, self._start = seconds, start
        self._peer: socket.socket | None = None
        self._end: Callable[[], None] = _nothing

    def read(self, content: bytes) -> Reading:
        """Judge a message and find its tokens; see `reading.read`. Raises JudgeAway."""
        peer = self._peer or self._begun()
        try:
            peer.settimeout(self._seconds)
            send(peer, self._seconds.to_bytes(2) + content[:MOST_BYTES])
            answer = receive(peer)
            if answer is not None:
                return from_wire(answer)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # TimeoutError is an OSError.
        self.close()
        return NOTHING_READ

    def close(self) -> None:
        """End the process, whatever it does; the next message begins another."""
        self._end()
        self._peer, self._end = None, _nothing

    def _begun(self) -> socket.socket:
        try:
            ours, self._end = _started(self._start)
            ours.settimeout(SECONDS_TO_START)
            began = receive(ours) == READY
        except OSError as error:
            self.close()
            raise JudgeAway(f"no process to judge in: {error}") from error
        if not began:
            self.close()
            raise JudgeAway("the process to judge in ended as it began")
        self._peer = ours
        return ours

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def read_safely(content: bytes, seconds: int = SECONDS_A_MESSAGE) -> Reading:
    """Judge one message in its own process; for many keep a `Judge`, as beginning takes longest. Raises JudgeAway."""
    with Judge(seconds) as judge:
        return judge.read(content)


def _started(start: str) -> tuple[socket.socket, Callable[[], None]]:
    """Start a process; return the socket to it, and what ends both. Raises OSError."""
    with ExitStack() as opened:
        ours, theirs = socket.socketpair()
        opened.enter_context(ours)
        with theirs:
            child = subprocess.Popen(
                # Its environment says where everything is, and nothing else need be looked for.
                [sys.executable, "-S", "-c", start],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        opened.callback(_ended, child)
        return ours, opened.pop_all().close


def _environment() -> dict[str, str]:
    """Where the code is, and nothing else: the process of a judge has no use for a secret."""
    here = str(Path(__file__).parents[2])
    return {"PYTHONPATH": os.pathsep.join([here, *filter(None, sys.path)]), "PYTHONDONTWRITEBYTECODE": "1"}


def _ended(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()


def _nothing() -> None:
    """There is no process to end."""
