"""Connections that stay open from one group of mails to the next, and the loop that they live in.

Opening one costs as much as several mails. It holds none longer than a round, and none that has been idle for long.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Collection, Coroutine, Iterable
from types import TracebackType
from typing import Any, TypeVar

from digest.interrupts import counted
from digest.transport import relay as relays
from digest.transport.line import Line
from digest.transport.pace import Pace
from digest.transport.relay import Relay

Value = TypeVar("Value")

# Relays hang up on who says nothing for some minutes, a few of them sooner; a group is written in a second or two.
MOST_IDLE_SECONDS = 20.0
# Turns of the loop in which what a relay said meanwhile is read: what it said, that it hung up, and its end.
TURNS_TO_READ = 3


class Kept:
    """What is open and idle. Used from one thread, between groups and within them; `close` it, or hang up by `with`."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._idle: list[Line] = []
        self._trust: ssl.SSLContext | None = None
        self.pace = Pace()

    def __len__(self) -> int:
        return len(self._idle)

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """As `asyncio.run`, in the loop that the connections live in; a second Ctrl-C changes nothing."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        with counted() as interrupts:
            return interrupts.run(self._runner, work)

    def reduce(self, most: int) -> None:
        """Part with all but so many."""
        if len(self._idle) > most:
            self.run(self._keep_only(self._idle, most))

    def close(self) -> None:
        runner = self._runner
        try:
            self.reduce(0)
        finally:
            self._runner = None
            if runner:
                runner.close()

    async def fit(self, wanted: Collection[Relay], most: int) -> None:
        """Part with connections to other relays, with those that were idle for long, and with what is too many."""
        oldest = time.monotonic() - MOST_IDLE_SECONDS
        good = [line for line in self._idle if line.relay in wanted and line.used_at > oldest]
        await self._keep_only(good, most)

    async def _keep_only(self, good: list[Line], most: int) -> None:
        """Keep so many of these; those used last come last."""
        stay = good[-most:] if most else []
        gone = [line for line in self._idle if line not in stay]
        self._idle = stay
        await _part(gone)

    async def take(self) -> Line | None:
        """One that is open, as far as can be known."""
        while self._idle:
            line = self._idle.pop()
            try:
                for _ in range(TURNS_TO_READ):
                    await asyncio.sleep(0)
            except BaseException:
                line.session.close()
                raise
            if line.session.is_open:
                return line
            await line.session.part()
        return None

    def keep(self, line: Line) -> None:
        line.has_rested, line.used_at = True, time.monotonic()
        self._idle.append(line)

    def trust(self) -> ssl.SSLContext:
        """Read once: a machine trusts some hundred and fifty authorities."""
        self._trust = self._trust or relays.trusted()
        return self._trust


async def _part(lines: Iterable[Line]) -> None:
    """Say goodbye to all of them at once; a relay may take seconds to answer."""
    lines = list(lines)
    try:
        await asyncio.gather(*(line.session.part() for line in lines), return_exceptions=True)
    except BaseException:
        for line in lines:
            line.session.close()
        raise
