"""Many readers at once: what `digest readers import` brings, a thousand in a transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from digest.domain import Preferences, Status
from digest.store.engine import insert_into, reading, retried, writing
from digest.store.readers import PREFERENCES, email_key
from digest.store.tables import old_keys, readers


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody to put on the list, and when their first digest is due; `key` is what links in their mails name."""

    email: str
    preferences: Preferences
    status: Status
    next_due_at: datetime | None
    paused_until: datetime | None = None
    key: str = ""


def known(engine: Engine, emails: Sequence[str]) -> set[str]:
    """Which of these addresses are on the list already, by their keys."""
    keys = [email_key(email) for email in emails]
    with reading(engine) as connection:
        return set(connection.execute(select(readers.c.email_key).where(readers.c.email_key.in_(keys))).scalars())


@retried
def admit_many(engine: Engine, entries: Sequence[Entry], now: datetime) -> None:
    """Put all of them on the list, in one transaction; who is on it already stays as they are.

    A key that somebody has, or had, is not given again: that reader is drawn a new one.
    """
    with writing(engine) as connection:
        taken = _taken(connection, [one.key for one in entries if one.key])
        statement = insert_into(connection, readers).on_conflict_do_nothing()
        kept = [_row(one, now) | {"key": one.key} for one in entries if one.key and one.key not in taken]
        drawn = [_row(one, now) for one in entries if not one.key or one.key in taken]
        # The two have not the same columns: the database draws the key that is left out.
        for rows in filter(None, (kept, drawn)):
            connection.execute(statement, rows)


def _taken(connection: Connection, wanted: Sequence[str]) -> set[str]:
    if not wanted:
        return set()
    own = select(readers.c.key).where(readers.c.key.in_(wanted))
    old = select(old_keys.c.key).where(old_keys.c.key.in_(wanted))
    twice = {key for key, count in Counter(wanted).items() if count > 1}
    return twice | set(connection.execute(own).scalars()) | set(connection.execute(old).scalars())


def _row(one: Entry, now: datetime) -> dict[str, object]:
    agreed = one.status in (Status.ACTIVE, Status.PAUSED)
    own = {
        "email": one.email.strip(),
        "email_key": email_key(one.email),
        "status": one.status,
        "created_at": now,
        "confirmed_at": now if agreed else None,
        "next_due_at": one.next_due_at,
        "paused_until": one.paused_until if one.status is Status.PAUSED else None,
    }
    return own | {name: getattr(one.preferences, name) for name in PREFERENCES}
