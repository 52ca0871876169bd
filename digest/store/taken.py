"""Which messages of the mailbox were taken in already, for servers that say OK and keep no flags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, or_, select

from digest.store.engine import insert_into, retried, writing
from digest.store.tables import taken

# A message that was begun so often and never ended ends whoever reads it: it is left to a person.
MOST_BEGINNINGS = 3
# How often one is met again before its server is called one that keeps no flags: another look, or a person who took
# the flag off, may have come between.
MET_FOR_NOTHING = 2
AT_ONCE = 500


@retried
def met(engine: Engine, place: str, waiting: Collection[str], now: datetime) -> tuple[Mapping[str, bool], int]:
    """Of those that wait in a place, which were taken before, and whether they were done with; and the persistent ones.

    What waits there no more is forgotten.
    """
    with writing(engine) as connection:
        here = {row.number: row for row in connection.execute(select(taken).where(taken.c.place == place))}
        gone = [here[number].message for number in here.keys() - set(waiting)]
        for some in (gone[start : start + AT_ONCE] for start in range(0, len(gone), AT_ONCE)):
            connection.execute(taken.delete().where(taken.c.message.in_(some)))
        again = (taken.c.place == place) & _is_over()
        rows = connection.execute(
            taken.update().where(again).values(times=taken.c.times + 1, at=now).returning(taken)
        ).all()
    known = {row.number: bool(row.done) for row in rows}
    return known, sum(row.times > MET_FOR_NOTHING for row in rows)


@retried
def begin(engine: Engine, message: str, place: str, number: str, now: datetime) -> bool | None:
    """Note that a message is taken in now; if that was done before, return whether it was done with."""
    where = {"place": place, "number": number, "at": now}
    with writing(engine) as connection:
        before = connection.execute(select(taken).where(taken.c.message == message)).one_or_none()
        if before is None:
            first = insert_into(connection, taken).values(message=message, done=None, times=1, **where)
            connection.execute(first.on_conflict_do_nothing())
            return None
        over = before.done is not None or before.times >= MOST_BEGINNINGS
        values: dict[str, Any] = where if over else where | {"times": before.times + 1}
        connection.execute(taken.update().where(taken.c.message == message).values(values))
        return bool(before.done) if over else None


def end(engine: Engine, message: str, *, done: bool) -> None:
    """Note what became of it: whether it was understood, and may be deleted."""
    with writing(engine) as connection:
        connection.execute(taken.update().where(taken.c.message == message).values(done=done, times=1))


def take_back(engine: Engine, message: str) -> None:
    """Forget that it was begun: the database or the machine was at its end, and not the message's fault."""
    with writing(engine) as connection:
        connection.execute(taken.delete().where(taken.c.message == message, taken.c.done.is_(None)))


def forget(engine: Engine, before: datetime) -> int:
    """Forget what nobody has met since then; return how many."""
    with writing(engine) as connection:
        return connection.execute(taken.delete().where(taken.c.at < before)).rowcount


def _is_over() -> ColumnElement[bool]:
    return or_(taken.c.done.is_not(None), and_(taken.c.done.is_(None), taken.c.times >= MOST_BEGINNINGS))
