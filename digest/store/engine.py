"""How to reach the database: engines, reading and writing transactions, and the newest schema."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, wraps
from pathlib import Path
from random import random
from time import sleep
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from digest.store import postgresql
from digest.store.keyed import SECRETS

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"

# Longer than any of our transactions, so that a second writer waits and does not fail.
SQLITE_PATIENCE_SECONDS = 30
# PostgreSQL: serialization_failure, deadlock_detected.
TRY_AGAIN = frozenset({"40001", "40P01"})
# With the waits between them, some two seconds: more than any of our transactions takes.
MOST_RETRIES, FIRST_WAIT_SECONDS = 7, 0.02
P = ParamSpec("P")
T = TypeVar("T")


class StoreUnready(Exception):
    """The database cannot be used as it is; the text says what to do."""


def connect(url: str, secrets: Sequence[str] = (), sqlite_patience: float = SQLITE_PATIENCE_SECONDS) -> Engine:
    """Make an engine. One a process, and after the fork: connections must not be shared between processes.

    `secrets` key the hashes of addresses (`keyed`), the newest first. `sqlite_patience` is how many seconds a writer
    waits for another.
    """
    parsed, carried = make_url(url), {SECRETS: tuple(secrets)}
    if parsed.get_backend_name() != "sqlite":
        return postgresql.engine_of(parsed, carried)
    if parsed.database and parsed.database != ":memory:":
        try:
            _make_room(Path(parsed.database))
        except OSError as error:
            raise StoreUnready(unreachable(parsed, error)) from error
    # Parameters are addresses and topics, and an error is logged.
    waits = {"timeout": sqlite_patience}
    engine = create_engine(parsed, connect_args=waits, hide_parameters=True, execution_options=carried)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_room(file: Path) -> None:
    """Make the folder, and a file for us alone: everybody's address is in it, and SQLite makes files that all read.

    Its journals get the same permissions from SQLite.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() and os.access(file.parent, os.W_OK):
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3's own connection
    # Python's driver would begin transactions by itself, and too late; we do, in _begin_sqlite.
    connection.isolation_level = None
    # Not every SQLite overwrites by itself what is deleted.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for questions, each of which is a transaction of its own on PostgreSQL."""
    with engine.connect() as connection, _each_at_once(connection):
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes, committed at the end.

    On SQLite it takes the write lock at once: one that reads first and writes later fails
    with SQLITE_BUSY_SNAPSHOT, whatever the patience.
    """
    with engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
        yield connection


@contextmanager
def stating(engine: Engine) -> Iterator[Connection]:
    """For a single statement that writes: the same, but that on PostgreSQL it is committed with the statement."""
    if engine.dialect.name == "sqlite":
        with writing(engine) as connection:
            yield connection
    else:
        with reading(engine) as connection:
            yield connection


def _each_at_once(connection: Connection) -> AbstractContextManager[None]:
    return nullcontext() if connection.dialect.name == "sqlite" else postgresql.each_at_once(connection)


def retried(change: Callable[P, T]) -> Callable[P, T]:
    """Try a transaction again when the database says to: it lost against another one, and nothing of it is kept.

    For functions that open their own transaction and do nothing else.
    """

    @wraps(change)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(MOST_RETRIES):
            try:
                return change(*args, **kwargs)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", "") not in TRY_AGAIN:
                    raise
            # Two that met once should not meet again.
            sleep(FIRST_WAIT_SECONDS * (1 << attempt) * random())
        return change(*args, **kwargs)

    return tried


def insert_into(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - either dialect's with its ON CONFLICT
    """An INSERT that can say ON CONFLICT, for the database at hand."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.Insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.Insert(table)


def migrate(engine: Engine) -> str:
    """Bring the database to the newest schema; return the revision. Raise StoreUnready for one that is newer still."""
    with engine.connect() as connection:
        _present(connection)
    from alembic import command

    move(engine, command.upgrade, "head")
    return _newest()


def present(engine: Engine) -> str | None:
    """Which schema the database has. Raises StoreUnready for one that this version does not know, or no answer."""
    try:
        with engine.connect() as connection:
            return _present(connection)
    except (DBAPIError, OSError) as error:
        raise StoreUnready(unreachable(engine.url, error)) from error


def newest() -> str:
    """The schema that this version needs."""
    return _newest()


def go_to(engine: Engine, revision: str, *, down: bool) -> None:
    """Take the schema to a revision, up or down."""
    from alembic import command

    move(engine, command.downgrade if down else command.upgrade, revision)


def move(engine: Engine, way: Callable[[Config, str], None], revision: str) -> None:
    """Take the schema up or down to a revision; what is stored stays."""
    with engine.connect() as connection, _keeping_rows(connection):
        way(_alembic(connection), revision)
        connection.commit()


@contextmanager
def _keeping_rows(connection: Connection) -> Iterator[None]:
    """Let tables be copied: SQLite's way drops the old one, and that would delete what belongs to its rows."""
    if connection.dialect.name != "sqlite":
        yield
        return
    # Only between transactions does SQLite listen to this.
    driver = connection.connection.driver_connection
    assert driver
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def ready(engine: Engine) -> None:
    """Raise StoreUnready unless the schema is the newest. An empty SQLite file is given it at once."""
    try:
        with engine.connect() as connection:
            present = _present(connection)
            empty = not inspect(connection).get_table_names()
    except (DBAPIError, OSError) as error:
        raise StoreUnready(unreachable(engine.url, error)) from error
    if empty and engine.dialect.name == "sqlite":
        migrate(engine)
    elif present != _newest():
        raise StoreUnready(
            f"the database has schema {present or 'none'}, this version needs {_newest()}: run `digest migrate`"
        )


def _present(connection: Connection) -> str | None:
    """Read which schema the database has; raise StoreUnready for one that this version does not know."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if present and present not in revisions():
        raise StoreUnready(
            f"the database has schema {present}, newer than this version, which knows {_newest()}: install that one"
        )
    return str(present) if present else None


def unreachable(url: URL | str, error: Exception) -> str:
    """Say in one line, without user, password or options, which database could not be used and why."""
    parsed = make_url(url)
    if "@" in (parsed.host or ""):
        # What stands before the last one is a piece of the password, and the driver repeats it.
        return "cannot use the database: write an @ in its password as %40 (DIGEST_DATABASE_URL)"
    where = URL.create(parsed.get_backend_name(), host=parsed.host, port=parsed.port, database=parsed.database)
    return f"cannot use the database {where.render_as_string()}: {why(error)} (DIGEST_DATABASE_URL)"


def why(error: Exception) -> str:
    """What the database's driver says, in one line."""
    cause = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return cause[0] if cause else type(error).__name__


def _alembic(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def revisions() -> dict[str, str]:
    """Each schema that this version knows, and the one before it.

    Read from the files' own lines: importing alembic costs as much as a whole command.
    """
    files = [file.read_text() for file in (MIGRATIONS / "versions").glob("[0-9]*.py")]
    named = [(REVISION.search(file), DOWN_REVISION.search(file)) for file in files]
    return {own[1]: before[1] if before else "" for own, before in named if own}


REVISION, DOWN_REVISION = (re.compile(rf'^{name} = "(\w+)"', re.MULTILINE) for name in ("revision", "down_revision"))


def _newest() -> str:
    [newest] = revisions().keys() - revisions().values()
    return newest
