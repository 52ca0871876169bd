"""One limit of connections to the relays, for all workers together.

Each connection takes a seat, and a seat is a lock of the database's session: whatever becomes of a worker, its seats
are free at once. A counter in the broker would have to wait until a killed worker's share ran out, and would forget
all of it when emptied. On SQLite, for one machine and one worker, a lock on a file beside the database is all seats.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

# The first keys of our advisory locks.
SLOTS, WORKERS = 0x5EA7, 0x5EA8
# Others give back what they hold too much after each group.
PATIENCE_SECONDS = 5.0
GLANCE_SECONDS = 0.02


# Told how many connections may stay, before the seats of the others are given back.
KeepOnly = Callable[[int], None]


class Seats(Protocol):
    """The seats of one worker."""

    def fair(self, keep_only: KeepOnly) -> int:
        """Hold a fair share from now on, and return how many that are; 0 if none came free for some seconds."""

    def close(self) -> None:
        """Give all of them back."""


def seats(engine: Engine, most: int) -> Seats:
    return _File(engine, most) if engine.dialect.name == "sqlite" else _Locks(engine, most)


@contextmanager
def taken(engine: Engine, most: int) -> Iterator[int]:
    """Hold a fair share of the seats, and give them back at the end; 0 if none came free for some seconds."""
    mine = seats(engine, most)
    try:
        yield mine.fair(lambda stay: None)
    finally:
        mine.close()


class _Locks:
    """Locks of a session that is kept from group to group."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine, self._most = engine, most
        self._session: Connection | None = None
        self._held: list[int] = []

    def fair(self, keep_only: KeepOnly) -> int:
        session = self._session or self._begin()
        # Where there are more workers than seats, all give way to those that wait.
        share = self._most // present(session)
        if len(self._held) > share:
            self._give_back(session, share, keep_only)
        return len(self._held) if 0 < share == len(self._held) else _patiently(lambda: self._fill(session))

    def close(self) -> None:
        session, self._session, self._held = self._session, None, []
        if session is None:
            return
        with session:
            try:
                session.execute(text("SELECT pg_advisory_unlock_all()"))
            except SQLAlchemyError:
                # The session is gone, or about to be, and its locks with it.
                session.invalidate()

    def _begin(self) -> Connection:
        self._session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._session.execute(text("SELECT pg_advisory_lock(:key, pg_backend_pid())"), {"key": WORKERS})
        return self._session

    def _give_back(self, session: Connection, share: int, keep_only: KeepOnly) -> None:
        keep_only(share)
        while len(self._held) > share:
            numbers = {"key": SLOTS, "seat": self._held[-1]}
            session.execute(text("SELECT pg_advisory_unlock(:key, :seat)"), numbers)
            self._held.pop()

    def _fill(self, session: Connection) -> int:
        """Take seats until there are as many as each of the workers present may have, or none is free."""
        share = max(1, self._most // present(session))
        for seat in range(self._most):
            if len(self._held) >= share:
                break
            if seat not in self._held and _try(session, seat):
                self._held.append(seat)
        return len(self._held)


def _try(session: Connection, seat: int) -> bool:
    lock = text("SELECT pg_try_advisory_lock(:key, :seat)")
    return bool(session.execute(lock, {"key": SLOTS, "seat": seat}).scalar_one())


def present(connection: Connection) -> int:
    """Count the workers that have seats or wait for some."""
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    question = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :key AND {here}"
    return int(connection.execute(text(question), {"key": WORKERS}).scalar_one())


class _File:
    """A lock on a file: all seats, group by group, for nobody can see whether somebody waits for it."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._most, self._name = most, engine.url.database
        self._open: int | None = None

    def fair(self, keep_only: KeepOnly) -> int:
        if not self._name or self._name == ":memory:":
            return self._most
        keep_only(0)
        self.close()
        self._open = file = os.open(f"{self._name}-seats", os.O_WRONLY | os.O_CREAT, 0o666)
        return _patiently(lambda: self._most * _lock(file))

    def close(self) -> None:
        file, self._open = self._open, None
        if file is not None:
            os.close(file)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _patiently(take: Callable[[], int]) -> int:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (slots := take()) and time.monotonic() < end:
        time.sleep(GLANCE_SECONDS)
    return slots
