"""Who is due: the digests of a moment, written into the ledger by set-based SQL."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
)

from digest.domain import EPOCH, INSTANT, Delivery, Kind, SetAside, State, Status, Window
from digest.store import collections, papers, rhythms
from digest.store.engine import insert_into, reading, retried, stating, writing
from digest.store.ledger import FRESH, waiting_in
from digest.store.rhythms import NextDue
from digest.store.tables import PUT_ASIDE, deliveries, readers

SUPERSEDED = "overtaken"
# The readers planned in one transaction: some tenths of a second, which is what a crash undoes and others wait for.
RANGE = 10_000
# So many that it pays to have them counted: that takes some tens of milliseconds.
MANY = 2_000
# The listed days in a first digest, so that a narrow topic has something to show.
FIRST_REACHES_BACK = 7


def plan(engine: Engine, now: datetime, catch_up: timedelta, next_due: NextDue) -> int:
    """Write down the digest of every reader who is due, and when they are due next; return how many were planned.

    Range by range: stopped half way, it goes on where it was. Two planners at once plan nobody twice: a reader's row is
    locked, and (reader, due moment) is unique, and the same for both.
    """
    with writing(engine) as connection:
        rhythms.set_aside_undated(connection, now)
    planned, last = 0, None
    while True:
        due = _due(now) & (_place() > tuple_(*last) if last else true())
        last, more = _plan_range(engine, due, now, catch_up, next_due)
        planned += more
        if last is None:
            break
    if planned >= MANY:
        _tell_of(engine)
    return planned


def _tell_of(engine: Engine) -> None:
    """Let PostgreSQL know of many rows that wait: by itself it looks after a minute, tens of thousands of mails later.

    Until then it believes of the ledger what was true before: that few rows wait, and that all of them are soon read.
    """
    if engine.dialect.name == "postgresql":
        with stating(engine) as connection:
            connection.execute(text("ANALYZE (SKIP_LOCKED) deliveries (state, next_attempt_at)"))


@retried
def _plan_range(
    engine: Engine, due: ColumnElement[bool], now: datetime, catch_up: timedelta, next_due: NextDue
) -> tuple[Row[Any] | None, int]:
    """Plan those who are due the longest; return the last of them, if there is any, and how many were planned."""
    with writing(engine) as connection:
        last = _end_of_range(connection, due)
        if last is None:
            return None, 0
        these = due & (_place() <= tuple_(*last))
        # In the order in which the digests of one address are locked, or the two would wait for each other.
        by_number = select(readers.c.id).where(these).order_by(readers.c.id).with_for_update(key_share=True)
        connection.execute(select(func.count()).select_from(by_number.subquery()))
        return last, plan_for(connection, these, now, catch_up, next_due)


def _place() -> Any:  # noqa: ANN401 - a row value has no type of its own
    return tuple_(readers.c.next_due_at, readers.c.id)


def _end_of_range(connection: Connection, due: ColumnElement[bool]) -> Row[Any] | None:
    """Find the last of the readers who are due the longest."""
    place = (readers.c.next_due_at, readers.c.id)
    first = select(*place).where(due).order_by(*place).limit(RANGE).subquery()
    last = select(*first.columns).order_by(first.c.next_due_at.desc(), first.c.id.desc()).limit(1)
    return connection.execute(last).one_or_none()


def set_aside(engine: Engine, since: datetime) -> list[SetAside]:
    """Who cannot be planned now, and what was due since then and could not be read or written."""
    question = select(deliveries.c.reader_id, deliveries.c.reason, deliveries.c.id).where(
        text(PUT_ASIDE), deliveries.c.due_at >= since
    )
    unplanned = [SetAside(reader_id, why) for reader_id, why in rhythms.set_aside(engine).items()]
    with reading(engine) as connection:
        # Put in order here: SQLite would read all deliveries to have them in order.
        found = sorted(connection.execute(question).all(), key=lambda row: row.id)
    return unplanned + [SetAside(*row) for row in found]


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
    """The same within a transaction, for those of `due` whose rhythm can be reckoned with; the others are set aside."""
    moments = rhythms.next_moments(connection, due, now, next_due)
    _supersede(connection, due)
    planned = _insert(connection, due, now, now.date() - catch_up)
    rhythms.move_on(connection, due, moments)
    return planned


def _due(now: datetime) -> ColumnElement[bool]:
    return (readers.c.status == Status.ACTIVE) & (readers.c.next_due_at <= now)


def covered(digest: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the table or an alias of it
    """The next window begins where the last covered one ended. These leave theirs uncovered."""
    left = (digest.c.state == State.FAILED) | (digest.c.reason == SUPERSEDED)
    return and_(digest.c.kind == Kind.DIGEST, ~left)


def _supersede(connection: Connection, due: ColumnElement[bool]) -> None:
    """Drop digests still waiting when the next one is due: its window takes theirs in.

    One that may have arrived, or was uncertain when a later one was planned, is not in that one's window, and goes its
    own way.

    The newest is looked up for each reader who is due. Where PostgreSQL is free to begin with the digests that wait, it
    does so when it believes that there are few, and may then join each of ten thousand with every reader of the range.
    """
    waits = _newest(case((_waiting(), deliveries.c.id)), covered(deliveries))
    found = select(waits.label("id")).where(due).subquery()
    dropped = {"state": State.SKIPPED, "reason": SUPERSEDED}
    these = deliveries.c.id.in_(select(found.c.id))
    connection.execute(deliveries.update().where(these, _still_waiting()).values(dropped))


def _newest(column: ColumnElement[Any], past: ColumnElement[bool]) -> ScalarSelect[Any]:
    """The column in the newest of a reader's `past` digests."""
    mine = select(column).where(deliveries.c.reader_id == readers.c.id, past)
    return mine.order_by(deliveries.c.due_at.desc()).limit(1).scalar_subquery()


def _still_waiting() -> ColumnElement[bool]:
    """Ask the row itself once more, in words that lead to no index: a worker may have claimed it since the look-up."""
    return and_((deliveries.c.state + "").in_((State.QUEUED, State.DEFERRED)), deliveries.c.unanswered == 0)


def _waiting() -> ColumnElement[bool]:
    """Digests that have certainly not arrived, and may be dropped."""
    waits = deliveries.c.state.in_((State.QUEUED, State.DEFERRED))
    return and_(deliveries.c.kind == Kind.DIGEST, waits, deliveries.c.unanswered == 0)


def _insert(connection: Connection, due: ColumnElement[bool], now: datetime, oldest: date) -> int:
    """Write the digests of those due. A window ends with the last look, and so is the same for all until the next.

    What a look that is still being stored brings is newer than that, and in the next window.
    """
    span = _windows(connection, due, now, oldest, covered(deliveries)).subquery()
    row: dict[str, Any] = {
        "reader_id": span.c.id,
        "kind": Kind.DIGEST,
        "due_at": span.c.next_due_at,
        "window_start": span.c.start,
        "window_end": span.c.end,
        "since": span.c.since,
        "next_attempt_at": now,
        **FRESH,
    }
    # SQLite reads the ON of ON CONFLICT after a bare SELECT as a join's; a WHERE tells them apart.
    rows = select(*(_expression(name, value) for name, value in row.items())).where(literal(1) == 1)
    # Sorted, so that all windows are known before the first row is written: where PostgreSQL believes the ledger to be
    # empty, it looks each reader's last digest up by reading all of it, and would read what it has just written.
    rows = rows.order_by(span.c.next_due_at, span.c.id)
    statement = insert_into(connection, deliveries).from_select(list(row), rows)
    counted = statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return int(connection.execute(counted).rowcount)


def _windows(
    connection: Connection, due: ColumnElement[bool], now: datetime, oldest: date, past: ColumnElement[bool]
) -> Select[Any]:
    """The next window of each of these readers, which begins where the newest of their `past` digests ended."""
    moment = deliveries.c.window_start.type
    last = _newest(deliveries.c.window_end, past)
    # Materialized, or the look-up is made once for each place where its result is used.
    those = select(readers.c.id, readers.c.next_due_at, readers.c.topics, last.label("covered")).where(due)
    span = those.cte("span", nesting=True).prefix_with("MATERIALIZED")
    latest = papers.latest_day(connection) or now.date()
    back = papers.back_from(connection, latest, FIRST_REACHES_BACK)
    start = func.coalesce(span.c.covered, literal(EPOCH, moment))
    look = collections.last_look(connection, now)
    end = literal(look + INSTANT if look else EPOCH, moment)
    since = case(
        (span.c.covered.is_not(None), literal(oldest)),
        # What is trending is of one day.
        (span.c.topics == (), literal(latest)),
        else_=literal(back),
    )
    until = case((start > end, start), else_=end)
    return select(span.c.id, span.c.next_due_at, start.label("start"), until.label("end"), since.label("since"))


def next_window(engine: Engine, reader_id: int, now: datetime, catch_up: timedelta) -> Window:
    """The window of the digest that planning would write down for a reader now: it takes in that of one that waits."""
    past = covered(deliveries) & ~_waiting()
    with reading(engine) as connection:
        windows = _windows(connection, readers.c.id == reader_id, now, now.date() - catch_up, past)
        found = connection.execute(windows).one()
        return Window(found.start, found.end, found.since)


def _expression(name: str, value: Any) -> ColumnElement[Any]:  # noqa: ANN401 - a value or an expression
    return value if isinstance(value, ColumnElement) else literal(value, deliveries.c[name].type)
