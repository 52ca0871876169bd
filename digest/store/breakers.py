"""What rests for a while: a relay that is away, a domain that asked us to slow down. One row each, for all workers.

In the database, because that is what all workers and `digest stats` share and no broker's emptying undoes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, select, true

from digest.domain import Breaker
from digest.logs import get_logger
from digest.store.engine import insert_into, reading, writing
from digest.store.readable import readable
from digest.store.tables import breakers

log = get_logger()

# One that is tripped again within this time holds twice as long.
REMEMBERED_FOR = timedelta(hours=6)


def known(engine: Engine) -> dict[str, Breaker]:
    """All breakers and throttles by name, those that have ended included; one that cannot be read holds nothing."""
    names = select(breakers.c.name).order_by(breakers.c.name)
    with reading(engine) as connection:
        found, unreadable = readable(
            lambda: _read(connection, true()),
            lambda: connection.execute(names).scalars().all(),
            lambda name: _read(connection, breakers.c.name == name),
        )
    for name, why in unreadable.items():
        log.error("breaker.set_aside", breaker=name, why=why)
    return {breaker.name: breaker for breaker in found}


def _read(connection: Connection, which: ColumnElement[bool]) -> list[Breaker]:
    rows = connection.execute(select(breakers).where(which).order_by(breakers.c.name))
    return [Breaker(row.name, row.failures, row.until, row.reason) for row in rows if row.until]


def trip(engine: Engine, name: str, reason: str, first: timedelta, longest: timedelta, now: datetime) -> Breaker | None:
    """Rest a relay or slow a domain: at first for `first`, and twice as long each time it is tripped again soon.

    None if it is open already: of workers that see the same failure, one opens it.
    """
    with writing(engine) as connection:
        connection.execute(breakers.delete().where(breakers.c.until < now - REMEMBERED_FOR))
        before = connection.execute(select(breakers.c.failures).where(breakers.c.name == name)).scalar() or 0
        until = now + min(first * (1 << min(before, 16)), longest)
        row = {"failures": before + 1, "until": until, "reason": reason}
        tripped = insert_into(connection, breakers).values(name=name, **row)
        tripped = tripped.on_conflict_do_update(index_elements=["name"], set_=row, where=breakers.c.until <= now)
        done = connection.execute(tripped.returning(breakers.c.name)).first()
        return Breaker(name, before + 1, until, reason) if done else None


def put_back(engine: Engine, before: Breaker) -> None:
    """Let one that was tripped be as it was before: nothing was tried."""
    values = {"failures": before.failures, "until": before.until}
    with writing(engine) as connection:
        connection.execute(breakers.update().where(breakers.c.name == before.name).values(values))


def reset(engine: Engine, name: str) -> None:
    with writing(engine) as connection:
        connection.execute(breakers.delete().where(breakers.c.name == name))
