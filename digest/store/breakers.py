"""What rests for a while: a relay that is away, a domain that asked us to slow down. One row each, for all workers.

In the database, because that is what all workers and `digest stats` share and no broker's emptying undoes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from digest.domain import Brake
from digest.store.engine import insert_into, reading, writing
from digest.store.tables import brakes

# One that is pulled again within this time holds twice as long.
REMEMBERED_FOR = timedelta(hours=6)


def known(engine: Engine) -> dict[str, Brake]:
    """All brakes by name, those that hold no longer included."""
    with reading(engine) as connection:
        rows = connection.execute(select(brakes).order_by(brakes.c.name))
        return {row.name: Brake(row.name, row.failures, row.until, row.reason) for row in rows}


def pull(engine: Engine, name: str, reason: str, first: timedelta, longest: timedelta, now: datetime) -> Brake | None:
    """Rest a relay or slow a domain: at first for `first`, and twice as long each time it is pulled again soon.

    None if it holds already: of workers that find the same trouble, one pulls.
    """
    with writing(engine) as connection:
        connection.execute(brakes.delete().where(brakes.c.until < now - REMEMBERED_FOR))
        before = connection.execute(select(brakes.c.failures).where(brakes.c.name == name)).scalar() or 0
        until = now + min(first * (1 << min(before, 16)), longest)
        row = {"failures": before + 1, "until": until, "reason": reason}
        pulled = insert_into(connection, brakes).values(name=name, **row)
        pulled = pulled.on_conflict_do_update(index_elements=["name"], set_=row, where=brakes.c.until <= now)
        done = connection.execute(pulled.returning(brakes.c.name)).first()
        return Brake(name, before + 1, until, reason) if done else None


def release(engine: Engine, name: str) -> None:
    with writing(engine) as connection:
        connection.execute(brakes.delete().where(brakes.c.name == name))
