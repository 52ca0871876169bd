"""Waiting, and not waiting: for a database that is away, and for work that takes too long."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from digest.interrupts import is_ending
from digest.logs import get_logger
from digest.store.engine import reading

log = get_logger()
Value = TypeVar("Value")

# What a database says that restarts, stops, fails over or is out of reach.
AWAY = (OperationalError, InterfaceError, InternalError)
# Until then, what became of a mail waits to be written down; after that its lease is over anyway.
SECONDS_FOR_THE_LEDGER = 20 * 60.0
NOT_AT_WORK, SHORTEST_ALARM = 0.0, 0.001
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


def patiently(work: Callable[[], Value], seconds: float = SECONDS_FOR_THE_LEDGER) -> Value:
    """Do what may be done twice, again and again while the database is away; raise its error when time is up."""
    end, pause, waited = time.monotonic() + seconds, FIRST_PAUSE, False
    while True:
        try:
            done = work()
        except AWAY as error:
            if time.monotonic() + pause > end:
                raise
            if not waited:
                log.warning("ledger.away", why=in_a_word(error))
            waited = True
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            if waited:
                log.info("ledger.back")
            return done


def await_database(engine: Engine, seconds: float) -> None:
    """Return when the database answers; raise its error when it does not within that time."""
    patiently(lambda: _ask(engine), seconds)


def _ask(engine: Engine) -> None:
    with reading(engine) as connection:
        connection.execute(text("SELECT 1"))


def in_a_word(error: Exception) -> str:
    """Name an error without what it was about: statements and their values hold addresses."""
    return type(error.orig if isinstance(error, DBAPIError) else error).__name__


class TookTooLong(BaseException):
    """Raised in the middle of a piece of work, whose own fault it is; no `except Exception` on the way keeps it."""


class Stopwatch:
    """Ends work that takes longer than so many seconds.

    By a signal, so only in the main thread, where workers and the command line do their work; elsewhere it lets it be.
    One timer goes on for all that is run, and is not set for each: when it rings, it looks at how long that is at work.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._since = seconds, NOT_AT_WORK
        self._can = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Stopwatch:
        if self._can:
            self._handler_before = signal.signal(signal.SIGALRM, self._ring)
            self._timer_before = signal.setitimer(signal.ITIMER_REAL, self._seconds)
        return self

    def __exit__(self, *_: object) -> None:
        if self._can:
            # First of all: a timer that rings for nobody ends the process.
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler_before)
            signal.setitimer(signal.ITIMER_REAL, *self._timer_before)

    def run(self, work: Callable[[], Value]) -> Value:
        """Raises TookTooLong."""
        if not self._can:
            return work()
        self._since = time.monotonic()
        try:
            return work()
        finally:
            self._since = NOT_AT_WORK

    def _ring(self, _number: int, frame: FrameType | None) -> None:
        left = self._since + self._seconds - time.monotonic() if self._since else self._seconds
        # Of nothing, a timer would never ring again.
        signal.setitimer(signal.ITIMER_REAL, max(left, SHORTEST_ALARM) if left > 0 else self._seconds)
        # What a task's end interrupts is slow for no fault of its own.
        if left <= 0 and not is_ending(frame):
            raise TookTooLong
