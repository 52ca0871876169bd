"""Questions about collections: which looks at which days there were, and how they went."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select

from digest.domain import CollectionRun, Outcome
from digest.logs import get_logger
from digest.store.engine import reading
from digest.store.readable import dated, readable
from digest.store.tables import collections

log = get_logger()

FIELDS = tuple(column.name for column in collections.columns if column.name != "id")


def record(connection: Connection, collection: CollectionRun) -> None:
    connection.execute(collections.insert().values({name: getattr(collection, name) for name in FIELDS}))


def history(engine: Engine, source: str, since: date) -> list[CollectionRun]:
    """A source's collections of the days from `since` on, oldest look first."""
    with reading(engine) as connection:
        return _read(connection, (collections.c.source == source) & (collections.c.day >= since), collections.c.id)


def newest(engine: Engine) -> list[CollectionRun]:
    """The last collection of each source."""
    last = select(func.max(collections.c.id)).group_by(collections.c.source)
    with reading(engine) as connection:
        return _read(connection, collections.c.id.in_(last), collections.c.source)


def _read(connection: Connection, which: ColumnElement[bool], order: ColumnElement[Any]) -> list[CollectionRun]:
    """These collections, but for those that cannot be read."""

    def read(chosen: ColumnElement[bool]) -> list[CollectionRun]:
        return [_collection(row) for row in connection.execute(select(collections).where(chosen).order_by(order))]

    ids = select(collections.c.id).where(which).order_by(order)
    found, unreadable = readable(
        lambda: read(which), lambda: connection.execute(ids).scalars(), lambda number: read(collections.c.id == number)
    )
    for number, why in unreadable.items():
        log.error("collection.set_aside", collection=number, why=why)
    return found


def last_good(engine: Engine) -> dict[str, datetime]:
    """When each source last gave an answer that is believed."""
    good = collections.c.outcome == Outcome.OK
    question = select(collections.c.source, func.max(collections.c.collected_at)).where(good)
    with reading(engine) as connection:
        return dict(dated(connection, question.group_by(collections.c.source), collections.c.collected_at))


def counts(engine: Engine) -> dict[tuple[str, str], int]:
    """How many runs there were of each source and outcome."""
    columns = (collections.c.source, collections.c.outcome)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns, func.count()).group_by(*columns))
        return {(source, outcome): count for source, outcome, count in rows}


def last_look(connection: Connection, now: datetime) -> datetime | None:
    """When a source was last looked at, by now."""
    by_now = collections.c.collected_at <= now
    question = select(func.max(collections.c.collected_at)).where(by_now)
    found: datetime | None = dated(connection, question, collections.c.collected_at)[0][0]
    return found


def last(engine: Engine) -> int:
    """The number of the last collection: while it stays, so does what is stored."""
    with reading(engine) as connection:
        return connection.execute(select(func.max(collections.c.id))).scalar() or 0


def _collection(row: Row[Any]) -> CollectionRun:
    fields = {name: row._mapping[name] for name in FIELDS}
    return CollectionRun(**fields | {"outcome": Outcome(row.outcome)})
