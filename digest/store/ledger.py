"""The ledger: one row a mail to a reader. It is the queue, the memory of retries, and the account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    and_,
    bindparam,
    column,
    func,
    select,
    text,
    values,
)

from digest.domain import EPOCH, Delivery, Kind, Preferences, Result, State, Window
from digest.store.engine import insert_into, reading, writing
from digest.store.readers import reader_of
from digest.store.tables import OPEN, deliveries
from digest.store.tables import readers as reader_rows

# How long a claimed delivery is nobody else's. The sender begins none so late that its reply could come after that.
LEASE = timedelta(minutes=20)
WAITING = (State.QUEUED, State.DEFERRED)
# What arrived, or may have.
GONE = (State.SENT, State.UNCERTAIN, State.SENDING)
# What a row begins with, whatever it is for.
FRESH: Mapping[str, Any] = {"state": State.QUEUED, "reason": "", "attempts": 0, "papers": ()}
_PREFERENCES = TypeAdapter(Preferences)


def queue(
    connection: Connection,
    reader_id: int,
    kind: Kind,
    now: datetime,
    recipient: str = "",
    wanted: Preferences | None = None,
    state: State = State.QUEUED,
    mailbox: str = "",
) -> None:
    """Ask for a mail that is no digest, to the reader or to `recipient`. It goes before the digests: somebody waits."""
    span = {"due_at": now, "window_start": now, "window_end": now, "since": now.date(), "next_attempt_at": EPOCH}
    row = {"reader_id": reader_id, "kind": kind, "recipient": recipient, **span, **FRESH}
    row |= {"state": state, "mailbox": mailbox}
    row["preferences"] = _PREFERENCES.dump_json(wanted).decode() if wanted else None
    statement = insert_into(connection, deliveries).values(row)
    connection.execute(statement.on_conflict_do_nothing())


def asked(connection: Connection, reader_id: int, kinds: Collection[Kind], since: datetime) -> int:
    """How many mails of these kinds a reader was written since then."""
    mine = (deliveries.c.reader_id == reader_id) & deliveries.c.kind.in_(kinds) & (deliveries.c.due_at > since)
    return connection.execute(select(func.count()).where(mine)).scalar_one()


def wanted(connection: Connection, delivery_id: int) -> Preferences | None:
    """What a mail is for, as `Delivery.wanted`; nobody else can answer it until the transaction ends."""
    kept = select(deliveries.c.preferences).where(deliveries.c.id == delivery_id).with_for_update()
    found = connection.execute(kept).scalar_one_or_none()
    return _PREFERENCES.validate_json(found) if found else None


def rows_of(engine: Engine, reader_id: int) -> list[RowMapping]:
    """All that the ledger keeps about a reader, in the order of their mails."""
    question = select(deliveries).where(deliveries.c.reader_id == reader_id).order_by(deliveries.c.id)
    with reading(engine) as connection:
        return list(connection.execute(question).mappings())


def _ready(now: datetime, resend_uncertain: bool) -> ColumnElement[bool]:
    waiting = (*WAITING, State.UNCERTAIN) if resend_uncertain else WAITING
    return and_(text(OPEN), deliveries.c.state.in_(waiting), deliveries.c.next_attempt_at <= now)


def waiting_in(connection: Connection, now: datetime, resend_uncertain: bool = True) -> list[Delivery]:
    """What could be claimed."""
    return _read(connection, _ready(now, resend_uncertain))


def claim(engine: Engine, most: int, now: datetime, *, resend_uncertain: bool = True) -> list[Delivery]:
    """Take up to `most` waiting deliveries for this worker alone, until the lease runs out.

    An uncertain one may have arrived; it is taken again only with `resend_uncertain`.
    """
    chosen = (
        select(deliveries.c.id)
        .where(_ready(now, resend_uncertain))
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


def choose(engine: Engine, chosen: Iterable[tuple[Delivery, Sequence[str]]]) -> None:
    """Write down which papers each delivery brings, if any, and for which preferences, before it is first tried."""
    rows = [
        {"delivery": one.id, "ids": tuple(ids), "wanted": _PREFERENCES.dump_json(one.reader.preferences).decode()}
        for one, ids in chosen
    ]
    if not rows:
        return
    mine = deliveries.c.id == bindparam("delivery")
    statement = deliveries.update().where(mine).values(papers=bindparam("ids"), preferences=bindparam("wanted"))
    with writing(engine) as connection:
        connection.execute(statement, rows)


def record(engine: Engine, results: Sequence[tuple[Delivery, Result, datetime]], now: datetime) -> None:
    """Write down what became of claimed deliveries, each with the moment of its next attempt, should it have one.

    Whose lease ran out, and who has been claimed again since, counts another attempt and is left alone. Written twice,
    it is the same. A delivery that is `queued` again was not tried, and its attempt is not counted.
    """
    if not results:
        return
    mine = (
        (deliveries.c.id == bindparam("delivery"))
        & (deliveries.c.state == State.SENDING)
        & (deliveries.c.attempts == bindparam("attempt"))
    )
    statement = (
        deliveries.update()
        .where(mine)
        .values(
            state=bindparam("new_state"),
            reason=bindparam("new_reason"),
            next_attempt_at=bindparam("again"),
            attempts=bindparam("counted"),
            tried_at=now,
        )
    )
    with writing(engine) as connection:
        connection.execute(statement, [_change(*result) for result in results])


def _change(delivery: Delivery, result: Result, again: datetime) -> dict[str, Any]:
    return {
        "delivery": delivery.id,
        "attempt": delivery.attempts,
        "counted": delivery.attempts - int(result.state is State.QUEUED),
        "new_state": result.state,
        "new_reason": result.reason,
        "again": again,
    }


def release_lost(engine: Engine, now: datetime) -> int:
    """Free what dead workers held: uncertain, and to be sent again with the same bytes; return how many."""
    lost = and_(text(OPEN), deliveries.c.state == State.SENDING, deliveries.c.next_attempt_at < now)
    theirs = select(deliveries.c.id).where(lost).with_for_update(skip_locked=True).scalar_subquery()
    after = {"state": State.UNCERTAIN, "reason": "the worker that was sending it stopped", "next_attempt_at": now}
    with writing(engine) as connection:
        return connection.execute(deliveries.update().where(deliveries.c.id.in_(theirs)).values(after)).rowcount


def papers_sent(engine: Engine, reader_ids: Collection[int]) -> dict[int, set[str]]:
    """The papers each of these readers was ever sent, or may have been."""
    gone = deliveries.c.state.in_(GONE) & (deliveries.c.papers != ())
    question = select(deliveries.c.reader_id, deliveries.c.papers).where(gone, deliveries.c.reader_id.in_(reader_ids))
    sent: dict[int, set[str]] = {reader_id: set() for reader_id in reader_ids}
    with reading(engine) as connection:
        for reader_id, ids in connection.execute(question):
            sent[reader_id].update(ids)
    return sent


def last_heard(engine: Engine, group: Sequence[Delivery]) -> dict[int, datetime]:
    """Of what moment the digest, or the note that there was none, was that a reader had before each of these."""
    if not group:
        return {}
    # By value: of a rehearsal there are no rows.
    given = (column(name, deliveries.c[name].type) for name in ("id", "reader_id", "due_at"))
    these = values(*given, name="these").data([(one.id, one.reader.id, one.due_at) for one in group]).cte()
    before = (deliveries.c.reader_id == these.c.reader_id) & (deliveries.c.due_at < these.c.due_at)
    question = (
        select(these.c.id, func.max(deliveries.c.due_at))
        .join(deliveries, and_(before, deliveries.c.kind == Kind.DIGEST, deliveries.c.state.in_(GONE)))
        .group_by(these.c.id)
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
    reader = reader_of(row, "their_")
    wanted = _PREFERENCES.validate_json(row["preferences"]) if row["preferences"] else None
    if wanted:
        # Sent again, it is the same mail, whatever the reader has changed since.
        reader = replace(reader, preferences=wanted)
    return Delivery(
        id=row["id"],
        kind=Kind(row["kind"]),
        reader=reader,
        due_at=row["due_at"],
        window=Window(row["window_start"], row["window_end"], row["since"]),
        state=State(row["state"]),
        reason=row["reason"],
        attempts=row["attempts"],
        papers=row["papers"],
        recipient=row["recipient"],
        wanted=wanted,
    )
