"""A copy of an SQLite database while it is in use, and back again. PostgreSQL has tools of its own for that."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.engine import make_url

from digest.domain import State
from digest.store.engine import reading, writing
from digest.store.outcomes import NEVER
from digest.store.tables import OPEN, deliveries, readers

# Pages copied at a time: between them, writers go on.
PAGES = 1_000
# More than anybody is sent between two backups.
SKIPPED = 10_000_000
RESTORED = "a backup was restored, and nobody knows whether it went since"


def file_of(engine: Engine) -> Path | None:
    """The file of an SQLite database; None for any other."""
    url = make_url(engine.url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def copy(source: Path, target: Path) -> None:
    """Copy a database, consistent as of one moment; the copy has its name when it is whole. Raises OSError."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    # Everybody's address is in it: it is made for us alone.
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(part)) as written:
            read.backup(written, pages=PAGES)
            written.execute("PRAGMA journal_mode=DELETE")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except sqlite3.Error as error:
        raise OSError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def fault_of(file: Path) -> str:
    """Why a file cannot be restored; empty if it can."""
    try:
        with closing(sqlite3.connect(_only_read(file), uri=True)) as opened:
            [[sound]] = opened.execute("PRAGMA quick_check(1)")
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
    except (sqlite3.Error, OSError) as error:
        return str(error)
    if sound != "ok":
        return f"it is damaged: {sound}"
    return "" if {"readers", "deliveries", "alembic_version"} <= tables else "it is not a database of this service"


def _only_read(file: Path) -> str:
    return f"{file.absolute().as_uri()}?mode=ro"


def replace(target: Path, file: Path) -> None:
    """Put a copy into a database, page by page: whoever has it open sees the new one. Raises OSError."""
    try:
        from_it, into_it = sqlite3.connect(_only_read(file), uri=True), sqlite3.connect(target, timeout=5)
        with closing(from_it) as read, closing(into_it) as written:
            read.backup(written)
    except sqlite3.Error as error:
        raise OSError(str(error)) from error


def has_rows(engine: Engine) -> bool:
    """Whether there is anything that a restored copy would take away."""
    with reading(engine) as connection:
        there = set(inspect(connection).get_table_names())
        tables = [table for table in (readers, deliveries) if table.name in there]
        return any(connection.execute(select(table.c.id).limit(1)).first() for table in tables)


def doubt(engine: Engine) -> int:
    """Let nothing go that may have gone since a copy was made: what is open is uncertain, for good. Returns how many.

    New readers and deliveries get numbers that none can have had since: links and reports name some by theirs.
    """
    after = {"state": State.UNCERTAIN, "reason": RESTORED, "next_attempt_at": NEVER}
    with writing(engine) as connection:
        opened = connection.execute(deliveries.update().where(text(OPEN)).values(after)).rowcount
        for table in (readers.name, deliveries.name):
            _skip_numbers(connection, table)
        return opened


def _skip_numbers(connection: Connection, table: str) -> None:
    if connection.dialect.name == "sqlite":
        statement = "UPDATE sqlite_sequence SET seq = seq + :skipped WHERE name = :name"
        connection.execute(text(statement), {"skipped": SKIPPED, "name": table})
        return
    last = f"(SELECT coalesce(max(id), 0) FROM {table}) + :skipped"
    connection.execute(
        text(f"SELECT setval(pg_get_serial_sequence(:name, 'id'), {last})"), {"skipped": SKIPPED, "name": table}
    )
