"""What the operator was told of: each cause once a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Engine, select, tuple_

from digest.store.engine import insert_into, reading, writing
from digest.store.tables import alerts

# The day of a cause that stands until it clears, and not for a day.
STANDING = date(1970, 1, 1)


def claim(engine: Engine, causes: Sequence[tuple[str, date]]) -> list[tuple[str, date]]:
    """Note these causes with their days; return those that nobody was told of. Two tellers never get the same one."""
    rows = [{"cause": cause, "day": day} for cause, day in causes]
    if not rows:
        return []
    with writing(engine) as connection:
        statement = insert_into(connection, alerts).values(rows).on_conflict_do_nothing()
        return [(row.cause, row.day) for row in connection.execute(statement.returning(alerts.c.cause, alerts.c.day))]


def standing(engine: Engine, day: date) -> set[str]:
    """The causes with this day that the operator was told of."""
    with reading(engine) as connection:
        return set(connection.execute(select(alerts.c.cause).where(alerts.c.day == day)).scalars())


def forget(engine: Engine, before: date) -> int:
    """Delete what was told before this day, but for what stands until it clears; return how many."""
    with writing(engine) as connection:
        old = (alerts.c.day < before) & (alerts.c.day != STANDING)
        return connection.execute(alerts.delete().where(old)).rowcount


def release(engine: Engine, causes: Sequence[tuple[str, date]]) -> None:
    """Forget that these were told: the mail did not go out."""
    with writing(engine) as connection:
        connection.execute(alerts.delete().where(tuple_(alerts.c.cause, alerts.c.day).in_(causes)))
