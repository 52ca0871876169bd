"""How to reach the database: engines, reading and writing transactions, and the newest schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from random import random
from time import sleep
from typing import Any, ParamSpec, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event, inspect, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

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


def connect(url: str) -> Engine:
    """Make an engine. One a process, and after the fork: connections must not be shared between processes."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnready(unreachable(parsed, error)) from error
    engine = create_engine(parsed, connect_args={"timeout": SQLITE_PATIENCE_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3's own connection
    # Python's driver would begin transactions by itself, and too late; we do, in _begin_sqlite.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes, committed at the end.

    On SQLite it takes the write lock at once: one that reads first and writes later fails
    with SQLITE_BUSY_SNAPSHOT, whatever the patience.
    """
    with engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
        yield connection


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


def insert_into(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - either dialect's Insert, with its ON CONFLICT
    """An INSERT that can say ON CONFLICT, for the database at hand."""
    make: type[Insert] = sqlite.Insert if connection.dialect.name == "sqlite" else postgresql.Insert
    return make(table)


def migrate(engine: Engine) -> str:
    """Bring the database to the newest schema; return the revision. Raise StoreUnready for one that is newer still."""
    with engine.connect() as connection:
        _present(connection)
    move(engine, command.upgrade, "head")
    return _newest()


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
    present = MigrationContext.configure(connection).get_current_revision()
    if present and present not in {script.revision for script in _scripts().walk_revisions()}:
        raise StoreUnready(
            f"the database has schema {present}, newer than this version, which knows {_newest()}: install that one"
        )
    return present


def unreachable(url: URL | str, error: Exception) -> str:
    """Say in one line, without a password, which database could not be used and why."""
    cause = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    where = make_url(url).render_as_string(hide_password=True)
    return f"cannot use the database {where}: {cause[0] if cause else type(error).__name__} (DIGEST_DATABASE_URL)"


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _newest() -> str:
    return str(_scripts().get_current_head())


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic())
