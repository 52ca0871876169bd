"""Whom nobody may put on the list again without their own yes: those who had everything deleted, as keyed hashes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from digest.domain import Status
from digest.store import keyed
from digest.store.engine import insert_into, reading
from digest.store.readers import email_key
from digest.store.tables import suppressed

PURPOSE = "suppressed"
# What is worth remembering of somebody; all others left.
REMEMBERED = (Status.COMPLAINED, Status.BOUNCED)


def add(connection: Connection, email: str, status: Status, now: datetime) -> None:
    """Remember that this address wants, or takes, no mail."""
    row = {
        "address": keyed.newest(connection, PURPOSE, email_key(email)),
        "status": status if status in REMEMBERED else Status.UNSUBSCRIBED,
        "since": now.date(),
    }
    connection.execute(insert_into(connection, suppressed).values(row).on_conflict_do_nothing())


def status(connection: Connection, email: str) -> Status | None:
    """As what an address is remembered, if it is."""
    found = connection.execute(select(suppressed.c.status).where(_of(connection, email))).scalars().first()
    return Status(found) if found else None


def lift(connection: Connection, email: str) -> None:
    """Forget that: its owner said yes."""
    connection.execute(suppressed.delete().where(_of(connection, email)))


def among(engine: Engine, emails: Iterable[str]) -> set[str]:
    """Which of these addresses are remembered, by their keys."""
    with reading(engine) as connection:
        hashes = {each: key for key in map(email_key, emails) for each in keyed.each(connection, PURPOSE, key)}
        these = suppressed.c.address.in_(hashes)
        return {hashes[found] for found in connection.execute(select(suppressed.c.address).where(these)).scalars()}


def _of(connection: Connection, email: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's own
    return suppressed.c.address.in_(keyed.each(connection, PURPOSE, email_key(email)))
