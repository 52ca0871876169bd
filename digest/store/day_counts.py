"""How many of what happened, day by day. Past days are counted once, at night; only what is newer is counted anew.

A scrape of three million deliveries would count them all, each minute, otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, func, literal, select, text, true

from digest.domain import Kind, State, Status
from digest.store import gauges
from digest.store.columns import Moment
from digest.store.engine import insert_into, reading, stating, writing
from digest.store.outcomes import NEVER
from digest.store.tables import OPEN, day_counts, deliveries, readers

DELIVERIES, DELAYS, RETURNED, RELAYS = "deliveries", "delays", "returned", "relays"
# A mail is tried for four days after it was due, and an operator may look again: then its day is counted anew.
COUNTED_AGAIN = timedelta(days=7)
# In seconds. The alert is at half an hour.
WITHIN = (60, 300, 900, 1800, 3600, 4 * 3600, 24 * 3600)
LATER = "+Inf"


def fold(engine: Engine, now: datetime) -> None:
    """Count the deliveries of all days before this one. Done twice, or by two at once, it is the same."""
    today = now.astimezone(UTC).date()
    with writing(engine) as connection:
        counted = _counted_until(connection)
        first = counted - COUNTED_AGAIN if counted else None
        if first:
            again = (day_counts.c.day >= first) & day_counts.c.what.in_((DELIVERIES, DELAYS))
            connection.execute(day_counts.delete().where(again))
        span = and_(_due_since(first), deliveries.c.due_at < _midnight(today))
        for question in (_states(connection, span), _delays(connection, span)):
            _keep(connection, [dict(row) for row in connection.execute(question).mappings()])
        gauges.measured_in(connection, gauges.COUNTED_UNTIL, today.toordinal(), now)


def add(engine: Engine, what: str, kind: str, state: str, now: datetime) -> None:
    """Count one more today."""
    add_all(engine, what, {(kind, state): 1}, now)


def add_all(engine: Engine, what: str, counts: Mapping[tuple[str, str], int], now: datetime) -> None:
    """Count so many more of each kind and state today."""
    today = {"day": now.astimezone(UTC).date(), "what": what}
    # In one order, so that two who count the same wait for each other, and not each for the other.
    rows = [today | {"kind": kind, "state": state, "count": counts[kind, state]} for kind, state in sorted(counts)]
    if not rows:
        return
    with stating(engine) as connection:
        statement = insert_into(connection, day_counts).values(rows)
        more = {"count": day_counts.c.count + statement.excluded.count}
        connection.execute(statement.on_conflict_do_update(index_elements=list(day_counts.primary_key), set_=more))


def add_in(connection: Connection, what: str, kind: str, state: str, day: date, count: int) -> None:
    """Count some more on a day, within a transaction."""
    row = {"day": day, "what": what, "kind": kind, "state": state, "count": count}
    statement = insert_into(connection, day_counts).values(row)
    more = {"count": day_counts.c.count + count}
    connection.execute(statement.on_conflict_do_update(index_elements=list(day_counts.primary_key), set_=more))


def settled_until(engine: Engine) -> datetime | None:
    """The moment before which no day is counted again from the ledger: only what is older may leave it."""
    with reading(engine) as connection:
        counted = _counted_until(connection)
    return _midnight(counted - COUNTED_AGAIN) if counted else None


def totals(engine: Engine, what: str, since: date | None = None) -> Counter[tuple[str, str]]:
    """How many there were of each kind and state, of what is folded or added."""
    these = (day_counts.c.what == what) & (day_counts.c.day >= since if since else true())
    question = select(day_counts.c.kind, day_counts.c.state, func.sum(day_counts.c.count)).where(these)
    with reading(engine) as connection:
        rows = connection.execute(question.group_by(day_counts.c.kind, day_counts.c.state))
        return Counter({(kind, state): int(count) for kind, state, count in rows})


def all_deliveries(engine: Engine) -> Counter[tuple[str, str]]:
    """How many deliveries there are of each kind and state: of past days as counted, and what is newer or open."""
    found = totals(engine, DELIVERIES)
    with reading(engine) as connection:
        until = _counted_until(connection)
        columns = (deliveries.c.kind, deliveries.c.state, func.count())
        for these in (_over(_due_since(until)), text(OPEN)):
            rows = connection.execute(select(*columns).where(these).group_by(*columns[:2]))
            found.update({(kind, state): count for kind, state, count in rows})
    return found


def by_state(engine: Engine) -> dict[str, int]:
    """How many deliveries there are of each state, of all time."""
    found = dict.fromkeys((state.value for state in State), 0)
    for (_, state), count in all_deliveries(engine).items():
        found[state] = found.get(state, 0) + count
    return found


def all_delays(engine: Engine) -> Mapping[str, int]:
    """How many digests went within so many seconds of their time, or `LATER`; each is counted once."""
    found = Counter({state: count for (_, state), count in totals(engine, DELAYS).items()})
    with reading(engine) as connection:
        for row in connection.execute(_delays(connection, _due_since(_counted_until(connection)))).mappings():
            found[row["state"]] += row["count"]
    return found


def _counted_until(connection: Connection) -> date | None:
    number = gauges.known_in(connection, gauges.COUNTED_UNTIL)
    return date.fromordinal(int(number)) if number else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _due_since(day: date | None) -> ColumnElement[bool]:
    return deliveries.c.due_at >= _midnight(day) if day else true()


def _over(span: ColumnElement[bool]) -> ColumnElement[bool]:
    """Those that nothing more becomes of. The others are few, have an index, and are counted as they stand."""
    return and_(span, deliveries.c.state.in_((State.SENT, State.FAILED, State.SKIPPED)))


def _states(connection: Connection, span: ColumnElement[bool]) -> Select[Any]:
    day = day_of_due(connection)
    columns = (day.label("day"), deliveries.c.kind, deliveries.c.state)
    counted = select(literal(DELIVERIES).label("what"), *columns, func.count().label("count"))
    return counted.where(_over(span)).group_by(day, deliveries.c.kind, deliveries.c.state)


def _delays(connection: Connection, span: ColumnElement[bool]) -> Select[Any]:
    seconds = _seconds_late(connection)
    within = case(*((seconds <= bound, str(bound)) for bound in WITHIN), else_=LATER)
    sent = and_(deliveries.c.state == State.SENT, deliveries.c.tried_at.is_not(None))
    went = and_(span, deliveries.c.kind == Kind.DIGEST, sent)
    inner = select(day_of_due(connection).label("day"), within.label("state")).where(went).subquery()
    columns = (literal(DELAYS).label("what"), inner.c.day, literal(Kind.DIGEST.value).label("kind"), inner.c.state)
    return select(*columns, func.count().label("count")).group_by(inner.c.day, inner.c.state)


def day_of_due(connection: Connection) -> ColumnElement[Any]:
    # SQLite keeps naive UTC; PostgreSQL would take the day in the server's own zone.
    due = deliveries.c.due_at
    return func.date(due if connection.dialect.name == "sqlite" else func.timezone("UTC", due))


def _seconds_late(connection: Connection) -> ColumnElement[Any]:
    due, tried = deliveries.c.due_at, deliveries.c.tried_at
    if connection.dialect.name == "sqlite":
        return (func.julianday(tried) - func.julianday(due)) * 86_400
    return func.extract("epoch", tried) - func.extract("epoch", due)


def _keep(connection: Connection, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        # SQLite's days are text.
        day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        statement = insert_into(connection, day_counts).values(row | {"day": day})
        same = {"count": row["count"]}
        connection.execute(statement.on_conflict_do_update(index_elements=list(day_counts.primary_key), set_=same))


def oldest_due(engine: Engine, now: datetime) -> datetime | None:
    """Since when the mail waits that waits the longest, of those nothing has been tried with, planned or not yet."""
    # Not by the index of all due moments, which SQLite would walk from the first: few are open, and have an index.
    due_at = func.coalesce(deliveries.c.due_at, deliveries.c.due_at)
    untried = and_(text(OPEN), deliveries.c.next_attempt_at <= NEVER, due_at <= now)
    untried &= deliveries.c.state.in_((State.QUEUED, State.SENDING))
    unplanned = and_(readers.c.status == Status.ACTIVE, readers.c.next_due_at <= now)
    with reading(engine) as connection:
        waits = connection.execute(select(func.min(due_at, type_=Moment)).where(untried)).scalar()
        due = connection.execute(select(func.min(readers.c.next_due_at, type_=Moment)).where(unplanned)).scalar()
    return min(filter(None, (waits, due)), default=None)
