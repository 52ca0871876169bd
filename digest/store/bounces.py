"""What came back: one row for a delivery and a kind of verdict. Never changes the delivery itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, exists, func, select, true

from digest.domain import State, Verdict, VerdictKind
from digest.store.engine import insert_into, reading, retried, writing
from digest.store.tables import bounces, deliveries

# What a verdict did to its reader, where it did anything.
ENDED, HELD, FORGIVEN = "ended", "held", "forgiven"


def due_of(connection: Connection, reader_id: int, delivery_id: int) -> datetime | None:
    """When a delivery of a reader was due. One to another address than the reader's own says nothing of theirs."""
    mine = (deliveries.c.reader_id == reader_id) & (deliveries.c.recipient == "")
    question = select(deliveries.c.due_at).where(mine, deliveries.c.id == delivery_id)
    return connection.execute(question).scalar_one_or_none()


def note(connection: Connection, reader_id: int, delivery_id: int, verdict: Verdict, now: datetime) -> str:
    """Write a verdict down, once; return what it did to the reader if it was known already."""
    values = {"reader_id": reader_id, "delivery_id": delivery_id, "noted_at": now}
    values |= {"kind": verdict.kind, "reason": verdict.reason, "status": verdict.status}
    connection.execute(insert_into(connection, bounces).values(values).on_conflict_do_nothing())
    same = (bounces.c.delivery_id == delivery_id) & (bounces.c.kind == verdict.kind)
    return str(connection.execute(select(bounces.c.effect).where(same)).scalar_one())


def mark(connection: Connection, delivery_id: int, kind: VerdictKind, effect: str) -> None:
    """Write down what a verdict did to the reader."""
    same = (bounces.c.delivery_id == delivery_id) & (bounces.c.kind == kind)
    connection.execute(bounces.update().where(same).values(effect=effect))


def ended(connection: Connection, since: datetime) -> int:
    """How many verdicts since then ended a reader, or would have."""
    these = (bounces.c.noted_at > since) & bounces.c.effect.in_((ENDED, HELD))
    return connection.execute(select(func.count()).select_from(bounces).where(these)).scalar_one()


def held(engine: Engine, since: datetime) -> int:
    """How many verdicts since then were held: more than is plausible came together."""
    these = (bounces.c.noted_at > since) & (bounces.c.effect == HELD)
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(bounces).where(these)).scalar_one()


def tried_at_least(connection: Connection, mails: int, since: datetime, due_since: datetime) -> bool:
    """Whether so many mails were tried since then; those due earlier than `due_since` are not looked at."""
    recent = (deliveries.c.due_at > due_since) & (deliveries.c.tried_at > since)
    few = select(deliveries.c.id).where(recent).limit(mails).subquery()
    return bool(connection.execute(select(func.count()).select_from(few)).scalar_one() >= mails)


def bounced_since(engine: Engine, since: datetime, reason: str = "") -> list[int]:
    """The readers with a verdict that may have ended or would have ended them since then, for this reason if given."""
    of_them = (bounces.c.noted_at >= since) & bounces.c.kind.in_((VerdictKind.HARD, VerdictKind.SOFT))
    of_them &= bounces.c.reason == reason if reason else true()
    question = select(bounces.c.reader_id).where(of_them).distinct().order_by(bounces.c.reader_id)
    with reading(engine) as connection:
        return list(connection.execute(question).scalars())


def forgive(connection: Connection, reader_id: int, since: datetime) -> None:
    """Let what was noted of a reader since then count no more, nor what comes of the same mails."""
    theirs = (bounces.c.reader_id == reader_id) & (bounces.c.noted_at >= since)
    connection.execute(bounces.update().where(theirs).values(effect=FORGIVEN))


def failed_in_a_row(connection: Connection, reader_id: int, delivery_id: int, since: datetime) -> list[datetime]:
    """When each delivery failed softly, of those in a row that end with this one: nothing arrived in between."""
    mine = (deliveries.c.reader_id == reader_id) & (deliveries.c.recipient == "")
    arrived = (
        select(func.coalesce(func.max(deliveries.c.id), 0))
        .where(mine, deliveries.c.id < delivery_id, deliveries.c.state == State.SENT)
        .where(~exists().where(bounces.c.delivery_id == deliveries.c.id))
        .scalar_subquery()
    )
    soft = (bounces.c.reader_id == reader_id) & (bounces.c.kind == VerdictKind.SOFT) & (bounces.c.noted_at >= since)
    soft &= bounces.c.effect != FORGIVEN
    these = soft & bounces.c.delivery_id.between(arrived + 1, delivery_id)
    return list(connection.execute(select(bounces.c.noted_at).where(these).order_by(bounces.c.noted_at)).scalars())


def settle(engine: Engine, delivery_ids: Collection[int]) -> None:
    """Forget what was noted of deliveries that went after all."""
    if delivery_ids:
        _delete(engine, bounces.c.delivery_id.in_(delivery_ids))


def forget(engine: Engine, before: datetime) -> int:
    """Delete what counts no more; return how many."""
    return _delete(engine, bounces.c.noted_at < before)


def rows_of(engine: Engine, reader_id: int) -> list[RowMapping]:
    """All that is noted about a reader's mails."""
    question = select(bounces).where(bounces.c.reader_id == reader_id).order_by(bounces.c.id)
    with reading(engine) as connection:
        return list(connection.execute(question).mappings())


def counts(engine: Engine, since: datetime) -> dict[str, int]:
    """How many mails failed since then, by kind and reason."""
    question = (
        select(bounces.c.kind, bounces.c.reason, func.count())
        .where(bounces.c.noted_at >= since)
        .group_by(bounces.c.kind, bounces.c.reason)
        .order_by(func.count().desc(), bounces.c.kind, bounces.c.reason)
    )
    with reading(engine) as connection:
        return {f"{kind}: {reason}": count for kind, reason, count in connection.execute(question)}


@retried
def _delete(engine: Engine, where: ColumnElement[bool]) -> int:
    with writing(engine) as connection:
        return connection.execute(bounces.delete().where(where)).rowcount
