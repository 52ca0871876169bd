"""Who is due: the digests of a moment, written into the ledger by set-based SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, case, exists, func, literal, select, true, tuple_

from digest.domain import EPOCH, INSTANT, Cadence, Delivery, Kind, Preferences, State, Status
from digest.store import collections, papers
from digest.store.engine import insert_into, writing
from digest.store.ledger import FRESH, waiting_in
from digest.store.tables import deliveries, readers

SUPERSEDED = "overtaken"
# The readers planned in one transaction: some tenths of a second, which is what a crash undoes and others wait for.
RANGE = 10_000
# The listed days in a first digest, so that a narrow topic has something to show.
FIRST_REACHES_BACK = 7
NextDue = Callable[[Preferences, datetime], datetime]


def plan(engine: Engine, now: datetime, catch_up: timedelta, next_due: NextDue) -> int:
    """Write down the digest of every reader who is due, and when they are due next; return how many were planned.

    Range by range: stopped half way, it goes on where it was. Two planners at once plan nobody twice: a reader's row is
    locked, and (reader, due moment) is unique, and the same for both.
    """
    planned, last = 0, None
    while True:
        due = _due(now) & (_place() > tuple_(*last) if last else true())
        with writing(engine) as connection:
            last = _end_of_range(connection, due)
            if last is None:
                return planned
            planned += plan_for(connection, due & (_place() <= tuple_(*last)), now, catch_up, next_due)


def _place() -> Any:  # noqa: ANN401 - a row value has no type of its own
    return tuple_(readers.c.next_due_at, readers.c.id)


def _end_of_range(connection: Connection, due: ColumnElement[bool]) -> Row[Any] | None:
    """Lock the readers who are due the longest, and find the last of them."""
    place = (readers.c.next_due_at, readers.c.id)
    first = select(*place).where(due).order_by(*place).limit(RANGE).with_for_update().subquery()
    last = select(*first.columns).order_by(first.c.next_due_at.desc(), first.c.id.desc()).limit(1)
    return connection.execute(last).one_or_none()


def dry_run(
    engine: Engine, now: datetime, catch_up: timedelta, next_due: NextDue, resend_uncertain: bool = True
) -> list[Delivery]:
    """What would wait to be sent after planning now; nothing is kept."""
    with engine.connect() as connection:
        plan_for(connection, _due(now), now, catch_up, next_due)
        waiting = waiting_in(connection, now, resend_uncertain)
        connection.rollback()
    return waiting


def plan_for(
    connection: Connection, due: ColumnElement[bool], now: datetime, catch_up: timedelta, next_due: NextDue
) -> int:
    _supersede(connection, due)
    planned = _insert(connection, due, now, now.date() - catch_up)
    _move_on(connection, due, now, next_due)
    return planned


def _due(now: datetime) -> ColumnElement[bool]:
    return (readers.c.status == Status.ACTIVE) & (readers.c.next_due_at <= now)


def _covered(digest: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the table or an alias of it
    """The next window begins where the last covered one ended. These leave theirs uncovered."""
    left = (digest.c.state == State.FAILED) | (digest.c.reason == SUPERSEDED)
    return and_(digest.c.kind == Kind.DIGEST, ~left)


def _supersede(connection: Connection, due: ColumnElement[bool]) -> None:
    """Drop digests still waiting when the next one is due: its window takes theirs in.

    One that was uncertain when a later one was planned is not in that one's window, and goes its own way.
    """
    later = deliveries.alias()
    newest = ~exists().where(
        later.c.reader_id == deliveries.c.reader_id, later.c.due_at > deliveries.c.due_at, _covered(later)
    )
    waiting = (deliveries.c.kind == Kind.DIGEST) & deliveries.c.state.in_((State.QUEUED, State.DEFERRED))
    whose = deliveries.c.reader_id.in_(select(readers.c.id).where(due))
    connection.execute(deliveries.update().where(waiting, whose, newest).values(state=State.SKIPPED, reason=SUPERSEDED))


def _move_on(connection: Connection, due: ColumnElement[bool], now: datetime, next_due: NextDue) -> None:
    rhythm = (readers.c.cadence, readers.c.hour, readers.c.timezone, readers.c.weekday)
    moments = defaultdict(list)
    for cadence, hour, timezone, weekday in connection.execute(select(*rhythm).where(due).distinct()).all():
        chosen = Preferences(cadence=Cadence(cadence), hour=hour, timezone=timezone, weekday=weekday)
        moments[next_due(chosen, now)].append((cadence, hour, timezone, weekday))
    if moments:
        # Whose rhythm changed since it was read stays due.
        moved = case(
            *(
                (tuple_(*rhythm).in_(same), literal(moment, readers.c.next_due_at.type))
                for moment, same in moments.items()
            ),
            else_=readers.c.next_due_at,
        )
        connection.execute(readers.update().where(due).values(next_due_at=moved))


def _insert(connection: Connection, due: ColumnElement[bool], now: datetime, oldest: date) -> int:
    """Write the digests of those due. A window ends with the last look, and so is the same for all until the next.

    What a look that is still being stored brings is newer than that, and in the next window.
    """
    moment = deliveries.c.window_start.type
    covered = (
        select(deliveries.c.window_end)
        .where(deliveries.c.reader_id == readers.c.id, _covered(deliveries))
        .order_by(deliveries.c.due_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    span = (
        select(readers.c.id, readers.c.next_due_at, readers.c.topics, covered.label("covered")).where(due).subquery()
    )
    latest = papers.latest_day(connection) or now.date()
    back = papers.back_from(connection, latest, FIRST_REACHES_BACK)
    start = func.coalesce(span.c.covered, literal(EPOCH, moment))
    look = collections.last_look(connection, now)
    end = literal(look + INSTANT if look else EPOCH, moment)
    row: dict[str, Any] = {
        "reader_id": span.c.id,
        "kind": Kind.DIGEST,
        "due_at": span.c.next_due_at,
        "window_start": start,
        "window_end": case((start > end, start), else_=end),
        "since": case(
            (span.c.covered.is_not(None), literal(oldest)),
            # What is trending is of one day.
            (span.c.topics == (), literal(latest)),
            else_=literal(back),
        ),
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
