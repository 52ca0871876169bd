"""What the operator does to readers: add, pause, resume, take bounces back, forget. One transaction for each reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine

from digest.domain import Reader, Status
from digest.readers.changes import apply
from digest.readers.life import Event
from digest.readers.roster import Newcomer
from digest.readers.subscriptions import happens
from digest.store import bounces, readers, siblings, suppressed
from digest.store.engine import reading, retried, writing


@retried
def admit(engine: Engine, newcomer: Newcomer, now: datetime) -> Reader:
    """Add a reader who has agreed to it; raise AlreadyThere for an address on the list."""
    with writing(engine) as connection:
        # The operator says that they agreed.
        suppressed.lift(connection, newcomer.email)
        who = newcomer.email, newcomer.preferences, now, newcomer.status
        refuse_unreachable(connection, newcomer)
        return readers.admit_in(
            connection,
            *who,
            key=newcomer.key,
            paused_until=newcomer.paused_until,
            name=newcomer.name,
            list_name=newcomer.list_name,
        )


def refuse_unreachable(connection: Connection, newcomer: Newcomer) -> None:
    """Raise AlreadyThere for an address that is given up, or complained: another name is no way around that."""
    for one in siblings.all_of(connection, newcomer.email):
        if one.status in (Status.BOUNCED, Status.COMPLAINED):
            raise readers.AlreadyThere(f"{one.email} is on the list already ({one.status})")


def pause(engine: Engine, digests: Iterable[Reader], now: datetime) -> list[Reader]:
    """Pause some digests; return them as they are now."""
    return _happen(engine, digests, Event.OPERATOR_PAUSES, now)


def resume(engine: Engine, digests: Iterable[Reader], now: datetime) -> list[Reader]:
    """The same, to go on."""
    return _happen(engine, digests, Event.OPERATOR_RESUMES, now)


def forget(engine: Engine, email: str, now: datetime) -> bool:
    """Delete all digests of an address and everything kept about them; say whether there was one."""
    with reading(engine) as connection:
        reader = readers.by_email(connection, email)
    if reader:
        happens(engine, reader.id, Event.OPERATOR_FORGETS, now)
    return reader is not None


def reactivate(engine: Engine, now: datetime, *, since: datetime, reason: str = "") -> list[Reader]:
    """Take back the readers who were given up since then, for this reason if given; return them.

    Only who had confirmed and is given up: who left or complained meanwhile stays away. What was noted of them counts
    no more, and a report of the same mails that comes later changes nothing.
    """
    found = (_reactivate(engine, reader_id, now, since) for reader_id in bounces.bounced_since(engine, since, reason))
    return [reader for reader in found if reader]


@retried
def _reactivate(engine: Engine, reader_id: int, now: datetime, since: datetime) -> Reader | None:
    with writing(engine) as connection:
        siblings.lock_all(connection, reader_id)
        before = readers.lock(connection, reader_id)
        after = apply(connection, reader_id, Event.OPERATOR_REACTIVATES, now)
        if before is None or after is None:
            return None
        # Of who was not given up yet, what was held is taken back, too.
        bounces.forgive(connection, reader_id, since)
        return after if after.status is not before.status else None


def _happen(engine: Engine, digests: Iterable[Reader], event: Event, now: datetime) -> list[Reader]:
    return [after for one in digests if (after := happens(engine, one.id, event, now))]
