"""When readers are due next: by set-based SQL, a moment for each rhythm there is, whatever stands in it.

A rhythm that cannot be reckoned with (a time zone this machine does not know, an hour 99) belongs to one reader or to
a few; they are set aside for a day and named, and the others are planned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, literal, select, text, tuple_

from digest.domain import Cadence, Preferences, Status
from digest.logs import get_logger
from digest.store.engine import reading
from digest.store.readable import is_dated
from digest.store.tables import UNPLANNED, readers

log = get_logger()

NextDue = Callable[[Preferences, datetime], datetime]
Rhythm = tuple[Any, ...]
RHYTHM = (readers.c.cadence, readers.c.hour, readers.c.timezone, readers.c.weekday)
# Whoever was set aside is looked at again after this.
SET_ASIDE_FOR = timedelta(days=1)


def next_moments(
    connection: Connection, due: ColumnElement[bool], now: datetime, next_due: NextDue
) -> Mapping[datetime, list[Rhythm]]:
    """The next moment of every rhythm among those due; who has one that cannot be reckoned with is due no more."""
    moments: dict[datetime, list[Rhythm]] = defaultdict(list)
    for rhythm in connection.execute(select(*RHYTHM).where(due).distinct()).all():
        cadence, hour, timezone, weekday = rhythm
        try:
            preferences = Preferences(cadence=Cadence(cadence), hour=hour, timezone=timezone, weekday=weekday)
            moments[next_due(preferences, now)].append(tuple(rhythm))
        except Exception as error:
            _set_aside(connection, due & _has(tuple(rhythm)), f"{' '.join(map(str, rhythm))}: {error}"[:200], now)
    return moments


def _has(rhythm: Rhythm) -> ColumnElement[bool]:
    return and_(*(column.is_not_distinct_from(value) for column, value in zip(RHYTHM, rhythm, strict=True)))


def move_on(connection: Connection, due: ColumnElement[bool], moments: Mapping[datetime, list[Rhythm]]) -> None:
    """Give everybody due their next moment. Whose rhythm changed since it was read stays due."""
    if moments:
        kind = readers.c.next_due_at.type
        moved = [(tuple_(*RHYTHM).in_(same), literal(moment, kind)) for moment, same in moments.items()]
        values = {"next_due_at": case(*moved, else_=readers.c.next_due_at), "set_aside": ""}
        connection.execute(readers.update().where(due).values(values))


def set_aside_undated(connection: Connection, now: datetime) -> None:
    """On SQLite a column holds whatever was written into it; a due moment that is none would end the planning."""
    if connection.dialect.name == "sqlite":
        undated = readers.c.next_due_at.is_not(None) & ~is_dated(readers.c.next_due_at)
        _set_aside(connection, (readers.c.status == Status.ACTIVE) & undated, "its due moment is no date", now)


def _set_aside(connection: Connection, whom: ColumnElement[bool], why: str, now: datetime) -> None:
    values = {"next_due_at": now + SET_ASIDE_FOR, "set_aside": why}
    if readers_ := connection.execute(readers.update().where(whom).values(values)).rowcount:
        log.error("readers.set_aside", readers=readers_, why=why)


def set_aside(engine: Engine) -> dict[int, str]:
    """The active readers for whom no digest could be planned when they were last due, and why."""
    # In words that lead to no index but the one of these few.
    active = (readers.c.status + "") == Status.ACTIVE
    question = select(readers.c.id, readers.c.set_aside).where(text(UNPLANNED), active)
    with reading(engine) as connection:
        return dict(connection.execute(question.order_by(readers.c.id)).all())
