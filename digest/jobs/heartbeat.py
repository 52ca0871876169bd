"""Heartbeats: each long-lived process writes down once a minute that it lives, and others see who fell silent.

`timetable` is no process: a task writes it, so it says that the clock, the broker and a worker reach one another.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from digest import __version__
from digest.logs import get_logger
from digest.store import gauges, heartbeats
from digest.store.engine import StoreUnready
from digest.store.heartbeats import Heartbeat

EVERY = timedelta(minutes=1)
TIMETABLE = "timetable"
# The timetable's first task comes within a minute, and a worker may be busy starting.
FIRST_TASK_WITHIN = 2 * EVERY
# What a whole service consists of.
PROCESSES = ("web", "worker", "beat", TIMETABLE)

log = get_logger()


class Heart:
    """Beats in a thread of its own while a process lives, whatever else the process does; a clean end is said, too.

    It opens the database for each beat and closes it again: a worker forks, and connections must not be shared.
    """

    def __init__(self, process: str, open_engine: Callable[[], Engine]) -> None:
        self._process, self._open, self._end = process, open_engine, Event()
        self._thread = Thread(target=self._run, name=f"heartbeat of {process}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(timeout=5)
        self._with_engine(lambda engine: heartbeats.stop(engine, mine(self._process)))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        self._with_engine(lambda engine: _note_start(engine, self._process))
        while not self._end.is_set():
            self._with_engine(lambda engine: heartbeats.beat(engine, mine(self._process)))
            self._end.wait(EVERY.total_seconds())

    def _with_engine(self, act: Callable[[Engine], None]) -> None:
        try:
            engine = self._open()
            try:
                act(engine)
            finally:
                engine.dispose()
        except (SQLAlchemyError, StoreUnready, OSError) as error:
            log.warning("heartbeat.unreachable", process=self._process, why=type(error).__name__)


def _note_start(engine: Engine, process: str) -> None:
    now = datetime.now(UTC)
    gauges.measured(engine, gauges.started(process), now.timestamp(), now)


def mine(process: str) -> Heartbeat:
    """This process, now. By the real time: that of a dry run is no help in finding what stopped."""
    return Heartbeat(process, socket.gethostname(), os.getpid(), __version__, datetime.now(UTC))


def of_the_timetable() -> Heartbeat:
    """One row for the whole service, whichever worker took the task."""
    return Heartbeat(TIMETABLE, "", 0, __version__, datetime.now(UTC))


def just_started(engine: Engine, now: datetime) -> bool:
    """Whether a clock or a worker is so new that no task of the timetable could have run yet. Raises DBAPIError."""
    known = gauges.known(engine)
    starts = [known.get(gauges.started(process), 0.0) for process in ("beat", "worker")]
    return now.timestamp() - max(starts) < FIRST_TASK_WITHIN.total_seconds()


def silent(engine: Engine, now: datetime) -> dict[str, datetime | None]:
    """What is not heard now, and when it was last; None for what was never heard, or ended as it should.

    For `/readyz`, `digest doctor` and alerts. Raises DBAPIError.
    """
    newest = heartbeats.newest(engine)
    alive = {name for name, heard in newest.items() if heard.is_alive(now)}
    return {name: newest[name].at if name in newest else None for name in PROCESSES if name not in alive}
