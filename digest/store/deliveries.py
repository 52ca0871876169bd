"""The ledger: one row a mail to a reader. It is the queue, the memory of retries, and the account."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, bindparam, func, select

from digest.domain import EPOCH, Delivery, Result, State, Window
from digest.store.engine import insert_into, reading, writing
from digest.store.readers import reader_of
from digest.store.tables import deliveries
from digest.store.tables import readers as reader_rows

DIGEST = "digest"
# Longer than a group takes, the ten minutes' patience after a mail's last dot included.
LEASE = timedelta(minutes=20)
WAITING = (State.QUEUED, State.DEFERRED, State.UNCERTAIN)
# What a row begins with, whatever it is for.
FRESH: Mapping[str, Any] = {"state": State.QUEUED, "reason": "", "attempts": 0, "papers": ()}


def queue(connection: Connection, reader_id: int, kind: str, now: datetime, recipient: str = "") -> None:
    """Ask for a mail that is no digest, to the reader or to `recipient`. It goes before the digests: somebody waits."""
    span = {"due_at": now, "window_start": now, "window_end": now, "since": now.date(), "next_attempt_at": EPOCH}
    row = {"reader_id": reader_id, "kind": kind, "recipient": recipient, **span, **FRESH}
    statement = insert_into(connection, deliveries).values(row)
    connection.execute(statement.on_conflict_do_nothing())


def asked(connection: Connection, reader_id: int, kinds: Collection[str], since: datetime) -> int:
    """How many mails of these kinds a reader was written since then."""
    mine = (deliveries.c.reader_id == reader_id) & deliveries.c.kind.in_(kinds) & (deliveries.c.due_at > since)
    return connection.execute(select(func.count()).where(mine)).scalar_one()


def written_to(connection: Connection, address: str, since: datetime) -> int:
    """How many mails went to an address that was no reader's own, whoever asked for them, since then."""
    theirs = (func.lower(deliveries.c.recipient) == address.lower()) & (deliveries.c.due_at > since)
    return connection.execute(select(func.count()).where(theirs)).scalar_one()


def other_addresses(engine: Engine, reader_id: int) -> list[str]:
    """The addresses beside their own that a reader's mails went to, each once."""
    theirs = (deliveries.c.reader_id == reader_id) & (deliveries.c.recipient != "")
    with reading(engine) as connection:
        return sorted(connection.execute(select(deliveries.c.recipient).where(theirs).distinct()).scalars())


def _ready(now: datetime) -> ColumnElement[bool]:
    return deliveries.c.state.in_(WAITING) & (deliveries.c.next_attempt_at <= now)


def waiting_in(connection: Connection, now: datetime) -> list[Delivery]:
    """What could be claimed."""
    return _read(connection, _ready(now))


def claim(engine: Engine, most: int, now: datetime) -> list[Delivery]:
    """Take up to `most` waiting deliveries for this worker alone, until the lease runs out."""
    chosen = (
        select(deliveries.c.id)
        .where(_ready(now))
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)  # SQLite has one writer at a time and needs no lock
    )
    mine = {"state": State.SENDING, "attempts": deliveries.c.attempts + 1, "next_attempt_at": now + LEASE}
    with writing(engine) as connection:
        ids = connection.execute(
            deliveries.update()
            .where(deliveries.c.id.in_(chosen.scalar_subquery()))
            .values(mine)
            .returning(deliveries.c.id)
        )
        return _read(connection, deliveries.c.id.in_(list(ids.scalars())))


def find(engine: Engine, delivery_id: int) -> Delivery | None:
    with reading(engine) as connection:
        return next(iter(_read(connection, deliveries.c.id == delivery_id)), None)


def choose(engine: Engine, chosen: Mapping[int, Sequence[str]]) -> None:
    """Write down which papers each delivery brings, before the first attempt to send it."""
    if not chosen:
        return
    statement = deliveries.update().where(deliveries.c.id == bindparam("delivery")).values(papers=bindparam("ids"))
    with writing(engine) as connection:
        connection.execute(statement, [{"delivery": key, "ids": tuple(ids)} for key, ids in chosen.items()])


def record(engine: Engine, results: Sequence[tuple[Result, datetime]], now: datetime) -> None:
    """Write down what became of claimed deliveries, each with the moment of its next attempt, should it have one.

    A delivery that is `queued` again was not tried, and its attempt is not counted.
    """
    if not results:
        return
    mine = (deliveries.c.id == bindparam("delivery")) & (deliveries.c.state == State.SENDING)
    statement = (
        deliveries.update()
        .where(mine)
        .values(
            state=bindparam("new_state"),
            reason=bindparam("new_reason"),
            next_attempt_at=bindparam("again"),
            attempts=deliveries.c.attempts - bindparam("untried"),
            tried_at=now,
        )
    )
    with writing(engine) as connection:
        connection.execute(statement, [_change(result, again) for result, again in results])


def _change(result: Result, again: datetime) -> dict[str, Any]:
    untried = int(result.state is State.QUEUED)
    return {
        "delivery": result.delivery_id,
        "new_state": result.state,
        "new_reason": result.reason,
        "again": again,
        "untried": untried,
    }


def release_lost(engine: Engine, now: datetime) -> int:
    """Free what dead workers held: uncertain, and to be sent again with the same bytes; return how many."""
    lost = (deliveries.c.state == State.SENDING) & (deliveries.c.next_attempt_at < now)
    values = {"state": State.UNCERTAIN, "reason": "the worker that was sending it stopped", "next_attempt_at": now}
    with writing(engine) as connection:
        return connection.execute(deliveries.update().where(lost).values(values)).rowcount


def papers_sent(engine: Engine, reader_ids: Collection[int]) -> dict[int, set[str]]:
    """The papers each of these readers was ever sent, or may have been."""
    gone = deliveries.c.state.in_((State.SENT, State.UNCERTAIN, State.SENDING)) & (deliveries.c.papers != ())
    question = select(deliveries.c.reader_id, deliveries.c.papers).where(gone, deliveries.c.reader_id.in_(reader_ids))
    sent: dict[int, set[str]] = {reader_id: set() for reader_id in reader_ids}
    with reading(engine) as connection:
        for reader_id, ids in connection.execute(question):
            sent[reader_id].update(ids)
    return sent


def last_heard(engine: Engine, reader_ids: Collection[int]) -> dict[int, datetime]:
    """When each of these readers was last sent a digest or a note that there was none."""
    heard = deliveries.c.state == State.SENT
    question = (
        select(deliveries.c.reader_id, func.max(deliveries.c.window_end))
        .where(heard, deliveries.c.kind == DIGEST, deliveries.c.reader_id.in_(reader_ids))
        .group_by(deliveries.c.reader_id)
    )
    with reading(engine) as connection:
        return dict(connection.execute(question).all())


def counts(engine: Engine) -> dict[str, int]:
    question = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    with reading(engine) as connection:
        found: dict[str, int] = dict(connection.execute(question).all())
    return {state.value: found.get(state.value, 0) for state in State}


def _read(connection: Connection, where: ColumnElement[bool]) -> list[Delivery]:
    theirs = [column.label(f"their_{column.name}") for column in reader_rows.columns]
    question = select(*deliveries.columns, *theirs).join(reader_rows).where(where).order_by(deliveries.c.id)
    return [_delivery(row) for row in connection.execute(question).mappings()]


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        kind=row["kind"],
        reader=reader_of(row, "their_"),
        due_at=row["due_at"],
        window=Window(row["window_start"], row["window_end"], row["since"]),
        state=State(row["state"]),
        reason=row["reason"],
        attempts=row["attempts"],
        papers=row["papers"],
        recipient=row["recipient"],
    )
