"""How many deliveries of each day, kind and state there are: of counted days what is kept, of all others the rows.

In one statement, and so as of one moment: who counts meanwhile, or ends a mail, is in it whole or not at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Select, and_, func, select, text, true, union_all

from digest.domain import Kind, State
from digest.store import gauges
from digest.store.tables import OPEN, day_changes, day_counts, deliveries

DELIVERIES = "deliveries"
OVER = (State.SENT, State.FAILED, State.SKIPPED)


def counted(connection: Connection, since: date | None = None, kind: Kind | None = None) -> Select[Any]:
    """Each day, kind and state, and how many there are, of all or of one kind; none that there are none of."""
    until = counted_until(connection)
    rows, day = _kind(deliveries, kind), day_of_due(connection)
    newer = max(filter(None, (since, until)), default=None)
    parts = [_rows(day, and_(text(OPEN), rows, _since(since))), _rows(day, is_over(rows & due_since(newer)))]
    all_of_them = union_all(*_kept(since, until, kind), *parts).subquery()
    columns = (all_of_them.c.day, all_of_them.c.kind, all_of_them.c.state)
    count = func.sum(all_of_them.c.count)
    return select(*columns, count.label("count")).group_by(*columns).having(count != 0)


def kept(connection: Connection, since: date, kind: Kind, state: State) -> tuple[int, date]:
    """How many there are of the days that are counted, and the first day that is not."""
    until = counted_until(connection)
    if until is None or until <= since:
        return 0, since
    parts = union_all(*_kept(since, until, kind)).subquery()
    question = select(func.coalesce(func.sum(parts.c.count), 0)).where(parts.c.state == state)
    return int(connection.execute(question).scalar_one()), until


def counted_until(connection: Connection) -> date | None:
    """The first day that is not counted."""
    number = gauges.known_in(connection, gauges.COUNTED_UNTIL)
    return date.fromordinal(int(number)) if number else None


def _kept(since: date | None, until: date | None, kind: Kind | None) -> list[Select[Any]]:
    """What was counted, and what changed in it since."""
    if until is None:
        return []
    found = []
    for table, of_these in ((day_counts, day_counts.c.what == DELIVERIES), (day_changes, true())):
        days = (table.c.day < until) & (table.c.day >= since if since else true())
        columns = (table.c.day, table.c.kind, table.c.state, table.c.count)
        found.append(select(*columns).where(of_these, days, _kind(table, kind)))
    return found


def _rows(day: ColumnElement[Any], which: ColumnElement[bool]) -> Select[Any]:
    columns = (deliveries.c.kind, deliveries.c.state)
    counted = select(day.label("day"), *columns, func.count().label("count"))
    return counted.where(which).group_by(day, *columns)


def _kind(table: Any, kind: Kind | None) -> ColumnElement[bool]:  # noqa: ANN401 - one of the tables
    found: ColumnElement[bool] = table.c.kind == kind if kind else true()
    return found


def _since(since: date | None) -> ColumnElement[bool]:
    """Due since then, in words that lead to no index: of what is open there is one, and SQLite would take another."""
    return func.coalesce(deliveries.c.due_at, deliveries.c.due_at) >= midnight(since) if since else true()


def is_over(these: ColumnElement[bool]) -> ColumnElement[bool]:
    """Those that nothing more becomes of. The others are few, have an index, and are counted as they stand."""
    return and_(these, deliveries.c.state.in_(OVER))


def due_since(day: date | None) -> ColumnElement[bool]:
    return deliveries.c.due_at >= midnight(day) if day else true()


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def day_of_due(connection: Connection) -> ColumnElement[Any]:
    # SQLite keeps naive UTC; PostgreSQL would take the day in the server's own zone.
    due = deliveries.c.due_at
    return func.date(due if connection.dialect.name == "sqlite" else func.timezone("UTC", due), type_=Date())
