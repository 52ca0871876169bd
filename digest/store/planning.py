"""Who is due: the digests of a moment, written into the ledger by set-based SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, case, func, literal, select

from digest.domain import EPOCH, INSTANT, Cadence, Delivery, Preferences, State, Status
from digest.store import papers
from digest.store.deliveries import DIGEST, FRESH, waiting_in
from digest.store.engine import insert_into, writing
from digest.store.tables import deliveries, readers

OVERTAKEN = "overtaken"
# The next window begins where the last covered one ended; these leave theirs uncovered.
UNCOVERED = (deliveries.c.state == State.FAILED) | (deliveries.c.reason == OVERTAKEN)


def plan(
    engine: Engine, now: datetime, catch_up: timedelta, next_due: Callable[[Preferences, datetime], datetime]
) -> int:
    """Write down the digest of every reader who is due, and when they are due next; return how many were planned.

    Two planners at once plan nobody twice: (reader, due moment) is unique, and the same for both.
    """
    with writing(engine) as connection:
        return plan_for(connection, _active() & (readers.c.next_due_at <= now), now, catch_up, next_due)


def rehearse(
    engine: Engine, now: datetime, catch_up: timedelta, next_due: Callable[[Preferences, datetime], datetime]
) -> list[Delivery]:
    """What would wait to be sent after planning now; nothing is kept."""
    with engine.connect() as connection:
        plan_for(connection, _active() & (readers.c.next_due_at <= now), now, catch_up, next_due)
        waiting = waiting_in(connection, now)
        connection.rollback()
    return waiting


def plan_for(
    connection: Connection,
    due: ColumnElement[bool],
    now: datetime,
    catch_up: timedelta,
    next_due: Callable[[Preferences, datetime], datetime],
) -> int:
    _overtake(connection, due)
    planned = _insert(connection, due, now, now.date() - catch_up)
    rhythm = (readers.c.cadence, readers.c.hour, readers.c.timezone)
    for cadence, hour, timezone in connection.execute(select(*rhythm).where(due).distinct()).all():
        same = (readers.c.cadence == cadence) & (readers.c.hour == hour) & (readers.c.timezone == timezone)
        moment = next_due(Preferences(cadence=Cadence(cadence), hour=hour, timezone=timezone), now)
        connection.execute(readers.update().where(due, same).values(next_due_at=moment))
    return planned


def _active() -> ColumnElement[bool]:
    return readers.c.status == Status.ACTIVE


def _overtake(connection: Connection, due: ColumnElement[bool]) -> None:
    """Drop digests still waiting when the next one is due: its window takes theirs in."""
    waiting = (deliveries.c.kind == DIGEST) & deliveries.c.state.in_((State.QUEUED, State.DEFERRED))
    whose = deliveries.c.reader_id.in_(select(readers.c.id).where(due))
    connection.execute(deliveries.update().where(waiting, whose).values(state=State.SKIPPED, reason=OVERTAKEN))


def _insert(connection: Connection, due: ColumnElement[bool], now: datetime, oldest: date) -> int:
    covered = (
        select(func.max(deliveries.c.window_end))
        .where(deliveries.c.reader_id == readers.c.id, deliveries.c.kind == DIGEST, ~UNCOVERED)
        .scalar_subquery()
    )
    span = select(readers.c.id, readers.c.next_due_at, covered.label("covered")).where(due).subquery()
    first = papers.latest_day(connection) or now.date()
    row: dict[str, Any] = {
        "reader_id": span.c.id,
        "kind": DIGEST,
        "due_at": span.c.next_due_at,
        "window_start": func.coalesce(span.c.covered, literal(EPOCH, deliveries.c.window_start.type)),
        "window_end": now + INSTANT,
        "since": case((span.c.covered.is_(None), literal(first)), else_=literal(oldest)),
        "next_attempt_at": now,
        **FRESH,
    }
    # SQLite reads the ON of ON CONFLICT after a bare SELECT as a join's; a WHERE tells them apart.
    rows = select(*(_expression(name, value) for name, value in row.items())).where(literal(1) == 1)
    statement = insert_into(connection, deliveries).from_select(list(row), rows)
    counted = statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return int(connection.execute(counted).rowcount)


def _expression(name: str, value: Any) -> ColumnElement[Any]:  # noqa: ANN401 - a value or an expression
    return value if isinstance(value, ColumnElement) else literal(value, deliveries.c[name].type)
