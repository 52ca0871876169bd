"""Connections to PostgreSQL: how long they are waited for, whether they live, and what each statement need not ask."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

# Over a network that drops what we send: after so long a connection is given up, and another one made. The system's
# own patience is a quarter of an hour for what is not acknowledged, and endless for a silent connection.
PATIENCE = {"connect_timeout": 10, "tcp_user_timeout": 30_000} | {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# The same on the server's side, whose usual two hours a host without power would keep its seats on the relays.
PATIENT_WITH_US = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
# The driver takes a third of the time for moments in a zone that it need not look up.
IN_UTC = "SET timezone = 'UTC'"
# A connection that was used less long ago, and whose server has not hung up, is not asked whether it lives.
ASKED_AFTER_SECONDS = 1.0
LAST_USED = "last_used"


def engine_of(url: URL, carried: dict[str, Any]) -> Engine:
    """Make an engine whose connections are looked after."""
    patience = {name: value for name, value in PATIENCE.items() if name not in url.query}
    engine = create_engine(url, hide_parameters=True, execution_options=carried, connect_args=patience)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkin", _used)
    event.listen(engine, "checkout", _look)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg's own connection
    with connection.cursor() as cursor:
        cursor.execute(f"{PATIENT_WITH_US}; {IN_UTC}")
    connection.commit()


def _used(_connection: object, record: Any) -> None:  # noqa: ANN401 - the pool's own record
    record.info[LAST_USED] = time.monotonic()


def _look(connection: Any, record: Any, _fairy: object) -> None:  # noqa: ANN401 - psycopg's, and the pool's own
    """Look whether a connection lives, before it is used; the pool makes a new one in place of one that does not.

    A server that restarted has closed it, which can be seen without asking.
    """
    used = record.info.get(LAST_USED)
    if used is None or (time.monotonic() - used < ASKED_AFTER_SECONDS and not _has_news(connection)):
        return
    try:
        with at_once(connection):
            connection.execute("", prepare=False)
    except Exception as error:
        raise InvalidatePoolError from error


def _has_news(connection: Any) -> bool:  # noqa: ANN401 - psycopg's own connection
    """Whether the server has said anything unasked, a farewell for instance."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    return bool(waiting.poll(0))


@contextmanager
def each_at_once(connection: Connection) -> Iterator[None]:
    """Let each statement be a transaction of its own.

    That spares BEGIN and ROLLBACK; and after a ROLLBACK the driver forgets what it had prepared, so that every
    statement is parsed and planned again.
    """
    with at_once(connection.connection.driver_connection):
        yield


@contextmanager
def at_once(driver: Any) -> Iterator[None]:  # noqa: ANN401 - psycopg's own connection
    """The same, of the driver's connection."""
    driver.autocommit = True
    try:
        yield
    finally:
        _transactional(driver)


def _transactional(driver: Any) -> None:  # noqa: ANN401 - psycopg's own connection
    """Let statements be parts of a transaction again; a connection that was cut in the middle of one is of no use."""
    try:
        if not driver.closed:
            driver.autocommit = False
    except Exception:
        driver.close()
