"""How many of what happened, day by day. Past days are counted once, at night; only what is newer is counted anew.

A scrape of three million deliveries would count them all, each minute, otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, func, literal, select, text, true

from digest.domain import Kind, State, Status
from digest.store import by_day, gauges
from digest.store.columns import Moment
from digest.store.engine import insert_into, reading, retried, stating, writing
from digest.store.outcomes import NEVER
from digest.store.tables import OPEN, day_changes, day_counts, deliveries, readers

DELIVERIES, DELAYS, RETURNED, RELAYS = by_day.DELIVERIES, "delays", "returned", "relays"
# A mail is tried for four days after it was due, and an operator may look again: then its day is counted anew. What is
# deleted of older days stays counted: the triggers know of this, too (revision 0018).
COUNTED_AGAIN = timedelta(days=7)
# In seconds. The alert is at half an hour.
WITHIN = (60, 300, 900, 1800, 3600, 4 * 3600, 24 * 3600)
LATER = "+Inf"


@retried
def fold(engine: Engine, now: datetime) -> None:
    """Count the deliveries of all days before this one. Done twice, or by two at once, it is the same.

    As of one moment: of what changes meanwhile, nothing is counted, and all that is noted of it stays.
    """
    today = now.astimezone(UTC).date()
    with writing(_as_of_one_moment(engine)) as connection:
        counted = by_day.counted_until(connection)
        first = min(counted, today) - COUNTED_AGAIN if counted else None
        if first:
            again = (day_counts.c.day >= first) & day_counts.c.what.in_((DELIVERIES, DELAYS))
            connection.execute(day_counts.delete().where(again))
            _take_in_changes(connection, first)
        connection.execute(day_changes.delete())
        span = and_(by_day.due_since(first), deliveries.c.due_at < by_day.midnight(today))
        for question in (_states(connection, span), _delays(connection, span)):
            _keep(connection, [dict(row) for row in connection.execute(question).mappings()])
        gauges.measured_in(connection, gauges.COUNTED_UNTIL, today.toordinal(), now)


def _as_of_one_moment(engine: Engine) -> Engine:
    # SQLite has one writer at a time.
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="REPEATABLE READ")


def _take_in_changes(connection: Connection, before: date) -> None:
    """Keep for good what changed in days that are not counted again."""
    columns = (day_changes.c.day, day_changes.c.kind, day_changes.c.state)
    question = select(*columns, func.sum(day_changes.c.count)).where(day_changes.c.day < before).group_by(*columns)
    for day, kind, state, count in connection.execute(question).all():
        add_in(connection, DELIVERIES, kind, state, day, int(count))


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
        counted = by_day.counted_until(connection)
    return by_day.midnight(counted - COUNTED_AGAIN) if counted else None


def totals(
    engine: Engine, what: str, since: date | None = None, before: date | None = None
) -> Counter[tuple[str, str]]:
    """How many there were of each kind and state, of what is folded or added."""
    these = (day_counts.c.what == what) & (day_counts.c.day >= since if since else true())
    these &= day_counts.c.day < before if before else true()
    question = select(day_counts.c.kind, day_counts.c.state, func.sum(day_counts.c.count)).where(these)
    with reading(engine) as connection:
        rows = connection.execute(question.group_by(day_counts.c.kind, day_counts.c.state))
        return Counter({(kind, state): int(count) for kind, state, count in rows})


def all_deliveries(engine: Engine) -> Counter[tuple[str, str]]:
    """How many deliveries there are of each kind and state: of past days as counted, and what is newer or open."""
    found = Counter[tuple[str, str]]()
    with reading(engine) as connection:
        for _, kind, state, count in connection.execute(by_day.counted(connection)):
            found[kind, state] += int(count)
    return found


def by_state(engine: Engine) -> dict[str, int]:
    """How many deliveries there are of each state, of all time."""
    found = dict.fromkeys((state.value for state in State), 0)
    for (_, state), count in all_deliveries(engine).items():
        found[state] = found.get(state, 0) + count
    return found


def all_delays(engine: Engine) -> Mapping[str, int]:
    """How many digests went within so many seconds of their time, or `LATER`; each is counted once."""
    with reading(engine) as connection:
        until = by_day.counted_until(connection)
        newer = connection.execute(_delays(connection, by_day.due_since(until))).mappings().all()
    # What is counted meanwhile is among the newer ones already.
    found = Counter({state: count for (_, state), count in totals(engine, DELAYS, before=until).items()})
    for row in newer:
        found[row["state"]] += row["count"]
    return found


def _states(connection: Connection, span: ColumnElement[bool]) -> Select[Any]:
    day = by_day.day_of_due(connection)
    columns = (day.label("day"), deliveries.c.kind, deliveries.c.state)
    counted = select(literal(DELIVERIES).label("what"), *columns, func.count().label("count"))
    return counted.where(by_day.is_over(span)).group_by(day, deliveries.c.kind, deliveries.c.state)


def _delays(connection: Connection, span: ColumnElement[bool]) -> Select[Any]:
    seconds = _seconds_late(connection)
    within = case(*((seconds <= bound, str(bound)) for bound in WITHIN), else_=LATER)
    sent = and_(deliveries.c.state == State.SENT, deliveries.c.tried_at.is_not(None))
    went = and_(span, deliveries.c.kind == Kind.DIGEST, sent)
    inner = select(by_day.day_of_due(connection).label("day"), within.label("state")).where(went).subquery()
    columns = (literal(DELAYS).label("what"), inner.c.day, literal(Kind.DIGEST.value).label("kind"), inner.c.state)
    return select(*columns, func.count().label("count")).group_by(inner.c.day, inner.c.state)


def _seconds_late(connection: Connection) -> ColumnElement[Any]:
    due, tried = deliveries.c.due_at, deliveries.c.tried_at
    if connection.dialect.name == "sqlite":
        return (func.julianday(tried) - func.julianday(due)) * 86_400
    return func.extract("epoch", tried) - func.extract("epoch", due)


def _keep(connection: Connection, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        # On SQLite a moment may be one that nobody can read; it is of no day.
        if row["day"]:
            statement = insert_into(connection, day_counts).values(row)
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
