"""One limit of connections to the relays, for all workers together.

Each connection takes a seat, and a seat is a lock of the database's session: whatever becomes of a worker, its seats
are free at once. A counter in the broker would have to wait until a killed worker's share ran out, and would forget
all of it when emptied. On SQLite, for one machine and one worker, a lock on a file beside the database is all seats.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

# The first keys of our advisory locks.
SLOTS, WORKERS = 0x5EA7, 0x5EA8
# Others give back what they hold too much after each group.
PATIENCE_SECONDS = 5.0
GLANCE_SECONDS = 0.02


@contextmanager
def taken(engine: Engine, most: int) -> Iterator[int]:
    """Hold a fair share of the seats, and give them back at the end; 0 if none came free for some seconds."""
    take = _file if engine.dialect.name == "sqlite" else _locks
    with take(engine, most) as slots:
        yield slots


@contextmanager
def _locks(engine: Engine, most: int) -> Iterator[int]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.execute(text("SELECT pg_advisory_lock(:key, pg_backend_pid())"), {"key": WORKERS})
            yield _patiently(lambda: _share(connection, most))
        finally:
            try:
                connection.execute(text("SELECT pg_advisory_unlock_all()"))
            except SQLAlchemyError:
                # The session is gone, or about to be, and its locks with it.
                connection.invalidate()


def _share(connection: Connection, most: int) -> int:
    """Take seats until there are as many as each of the workers present may have, or none is free."""
    share, slots = max(1, most // present(connection)), 0
    for slot in range(most):
        lock = text("SELECT pg_try_advisory_lock(:key, :seat)")
        slots += connection.execute(lock, {"key": SLOTS, "seat": slot}).scalar_one()
        if slots == share:
            break
    return slots


def present(connection: Connection) -> int:
    """Count the workers that have seats or wait for some."""
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    question = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :key AND {here}"
    return int(connection.execute(text(question), {"key": WORKERS}).scalar_one())


@contextmanager
def _file(engine: Engine, most: int) -> Iterator[int]:
    name = engine.url.database
    if not name or name == ":memory:":
        yield most
        return
    with Path(f"{name}-seats").open("w") as file:
        yield _patiently(lambda: most * _lock(file.fileno()))


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
