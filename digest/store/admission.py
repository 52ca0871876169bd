"""Many readers at once: what `digest readers import` brings, a thousand in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from digest.domain import Preferences, Status
from digest.store.engine import insert_into, reading, writing
from digest.store.readers import PREFERENCES, email_key
from digest.store.tables import readers


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to put on the list, and when their first digest is due."""

    email: str
    preferences: Preferences
    status: Status
    next_due_at: datetime | None


def known(engine: Engine, emails: Sequence[str]) -> set[str]:
    """Which of these addresses are on the list already, by their keys."""
    keys = [email_key(email) for email in emails]
    with reading(engine) as connection:
        return set(connection.execute(select(readers.c.email_key).where(readers.c.email_key.in_(keys))).scalars())


def admit_many(engine: Engine, newcomers: Sequence[Newcomer], now: datetime) -> None:
    """Put all of them on the list, in one transaction; who is on it already stays as they are."""
    if not newcomers:
        return
    with writing(engine) as connection:
        statement = insert_into(connection, readers).on_conflict_do_nothing()
        connection.execute(statement, [_row(one, now) for one in newcomers])


def _row(one: Newcomer, now: datetime) -> dict[str, object]:
    agreed = one.status in (Status.ACTIVE, Status.PAUSED)
    own = {
        "email": one.email.strip(),
        "email_key": email_key(one.email),
        "status": one.status,
        "created_at": now,
        "confirmed_at": now if agreed else None,
        "next_due_at": one.next_due_at,
    }
    return own | {name: getattr(one.preferences, name) for name in PREFERENCES}
