"""The ledger: one row a mail to a reader. It is the queue, the memory of retries, and the account.

Here is who asks for a mail, who takes one, and what is asked about them; `outcomes` writes down what became of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Result, RowMapping, Update, and_, func, select, text

from digest.domain import EPOCH, Delivery, Kind, Preferences, State
from digest.logs import get_logger
from digest.store.delivery_rows import as_json, delivery_of, from_json
from digest.store.engine import insert_into, reading, writing
from digest.store.many import among
from digest.store.outcomes import record, release_lost, set_aside
from digest.store.readable import readable
from digest.store.tables import OPEN, TAKEN_BY_AN_API, deliveries
from digest.store.tables import readers as reader_rows

__all__ = [
    "FRESH", "LEASE", "asked", "claim", "counts", "find", "queue", "record", "release_lost", "requested",
    "rows_of", "waiting_in",
]  # fmt: skip

log = get_logger()

# How long a claimed delivery is nobody else's. The sender begins none so late that its reply could come after that.
LEASE = timedelta(minutes=20)
WAITING = (State.QUEUED, State.DEFERRED)
# What a row begins with, whatever it is for.
FRESH: Mapping[str, Any] = {"state": State.QUEUED, "reason": "", "attempts": 0, "papers": ()}
CLAIM_BITS = 62


def queue(
    connection: Connection,
    reader_id: int,
    kind: Kind,
    now: datetime,
    recipient: str = "",
    requested: Preferences | None = None,
    state: State = State.QUEUED,
    mailbox: str = "",
) -> None:
    """Ask for a mail that is no digest, to the reader or to `recipient`. It goes before the digests: somebody waits."""
    span = {"due_at": now, "window_start": now, "window_end": now, "since": now.date(), "next_attempt_at": EPOCH}
    row = {"reader_id": reader_id, "kind": kind, "recipient": recipient, **span, **FRESH}
    row |= {"state": state, "mailbox": mailbox}
    row["preferences"] = as_json(requested) if requested else None
    statement = insert_into(connection, deliveries).values(row)
    connection.execute(statement.on_conflict_do_nothing())


def asked(connection: Connection, reader_ids: Collection[int], kinds: Collection[Kind], since: datetime) -> int:
    """How many mails of these kinds these readers were written since then."""
    mine = deliveries.c.reader_id.in_(reader_ids) & deliveries.c.kind.in_(kinds) & (deliveries.c.due_at > since)
    return connection.execute(select(func.count()).where(mine)).scalar_one()


def requested(connection: Connection, delivery_id: int) -> Preferences | None:
    """What a confirmation confirms, as `Delivery.requested`; nobody else can answer it until the transaction ends."""
    kept = select(deliveries.c.preferences).where(deliveries.c.id == delivery_id).with_for_update()
    found = connection.execute(kept).scalar_one_or_none()
    return from_json(found) if found else None


def rows_of(engine: Engine, reader_id: int) -> list[RowMapping]:
    """All that the ledger keeps about a reader, in the order of their mails."""
    question = select(deliveries).where(deliveries.c.reader_id == reader_id).order_by(deliveries.c.id)
    with reading(engine) as connection:
        return list(connection.execute(question).mappings())


def counts(engine: Engine) -> dict[str, int]:
    question = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    with reading(engine) as connection:
        found: dict[str, int] = dict(connection.execute(question).all())
    return {state.value: found.get(state.value, 0) for state in State}


def find(engine: Engine, delivery_id: int) -> Delivery | None:
    with reading(engine) as connection:
        return find_in(connection, delivery_id)


def find_in(connection: Connection, delivery_id: int) -> Delivery | None:
    return next(iter(_read(connection, deliveries.c.id == delivery_id)), None)


def with_relays_id(connection: Connection, relays_id: str) -> int | None:
    """The delivery that a provider's HTTP interface took under this id of its own, if there is one."""
    taken = (deliveries.c.reason == f"200 {relays_id}") & text(TAKEN_BY_AN_API)
    return connection.execute(select(deliveries.c.id).where(taken).limit(1)).scalar()


def was_kept(connection: Connection, delivery_id: int) -> bool:
    """Whether there was such a delivery, and is no more: later ones are there."""
    there = connection.execute(select(deliveries.c.id).where(deliveries.c.id == delivery_id)).first()
    later = connection.execute(select(deliveries.c.id).where(deliveries.c.id > delivery_id).limit(1)).first()
    return there is None and later is not None


def waiting_in(connection: Connection, now: datetime, resend_uncertain: bool = True) -> list[Delivery]:
    """What could be claimed, but for what cannot be read."""
    ids = connection.execute(select(deliveries.c.id).where(_ready(now, resend_uncertain))).scalars()
    return _read_each(connection, list(ids))[0]


def draw_claim() -> int:
    """A number for a claim. Drawn before, so that whoever never learns whether a claim was made can give it back."""
    return 1 + secrets.randbits(CLAIM_BITS)


def claim(
    engine: Engine, most: int, now: datetime, *, resend_uncertain: bool = True, number: int | None = None
) -> list[Delivery]:
    """Take up to `most` waiting deliveries for this worker alone, until the lease runs out.

    An uncertain one may have arrived; it is taken again only with `resend_uncertain`, and only once. A row that cannot
    be read is set aside here, and holds up no other.
    """
    number = number or draw_claim()
    mine = {
        "state": State.SENDING,
        "attempts": deliveries.c.attempts + 1,
        "next_attempt_at": now + LEASE,
        "claim": number,
        "begun": False,
    }
    with writing(engine) as connection:
        taken = deliveries.update().where(deliveries.c.id.in_(_first(most, now, resend_uncertain))).values(mine)
        found, unreadable = _taken(connection, taken, number)
        for delivery_id, why in unreadable.items():
            log.error("delivery.set_aside", delivery=delivery_id, why=why)
            set_aside(connection, delivery_id, f"cannot be read: {why}", now)
    return found


def _taken(connection: Connection, taken: Update, number: int) -> tuple[list[Delivery], dict[int, str]]:
    """Take deliveries, and read them with the same statement where the database can return what is another table's."""
    if connection.dialect.name == "sqlite":
        return _read_each(connection, list(connection.execute(taken.returning(deliveries.c.id)).scalars()))
    with_reader = taken.where(deliveries.c.reader_id == reader_rows.c.id).returning(*COLUMNS)
    held = select(deliveries.c.id).where(text(OPEN), deliveries.c.claim == number, deliveries.c.state == State.SENDING)
    found, unreadable = readable(
        lambda: _deliveries(connection.execute(with_reader)),
        lambda: connection.execute(held).scalars().all(),
        lambda delivery_id: _read(connection, deliveries.c.id == delivery_id),
    )
    return sorted(found, key=attrgetter("id")), unreadable


def _first(most: int, now: datetime, resend_uncertain: bool) -> Any:  # noqa: ANN401 - a subquery of ids
    return (
        select(deliveries.c.id)
        .where(_ready(now, resend_uncertain))
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)  # SQLite has one writer at a time and needs no lock
        .scalar_subquery()
    )


def _ready(now: datetime, resend_uncertain: bool) -> ColumnElement[bool]:
    waiting = (*WAITING, State.UNCERTAIN) if resend_uncertain else WAITING
    return and_(text(OPEN), deliveries.c.state.in_(waiting), deliveries.c.next_attempt_at <= now)


def _read_each(connection: Connection, ids: Sequence[int]) -> tuple[list[Delivery], dict[int, str]]:
    """These deliveries, and why some of them cannot be read."""

    def read(*some: int) -> list[Delivery]:
        return _read(connection, among(deliveries.c.id, some)) if some else []

    return readable(lambda: read(*ids), lambda: ids, read)


def _read(connection: Connection, where: ColumnElement[bool]) -> list[Delivery]:
    return _deliveries(connection.execute(WITH_READER.where(where)))


def _deliveries(found: Result[Any]) -> list[Delivery]:
    # A row of SQLAlchemy's takes several times as long as a dict to find a column by name, and there are thirty.
    names = tuple(found.keys())
    return [delivery_of(dict(zip(names, row, strict=True))) for row in found.all()]


# What a delivery is made of, and its reader.
UNREAD = {"reader_id", "next_attempt_at", "tried_at", "begun", "mailbox"}
THEIRS_UNREAD = {"email_key", "set_aside"}
THEIRS = [column.label(f"their_{column.name}") for column in reader_rows.columns if column.name not in THEIRS_UNREAD]
COLUMNS = [column for column in deliveries.columns if column.name not in UNREAD] + THEIRS
WITH_READER = select(*COLUMNS).select_from(deliveries.join(reader_rows)).order_by(deliveries.c.id)
