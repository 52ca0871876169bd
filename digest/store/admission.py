"""Many readers at once: what `digest readers import` brings, a thousand in a transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from digest.domain import Preferences, Status
from digest.store.engine import insert_into, reading, retried, writing
from digest.store.readers import columns, email_key
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
    name: str = ""
    list_name: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        """What makes two rows the same digest of the same address."""
        return email_key(self.email), self.name


def known(engine: Engine, entries: Sequence[Entry], now: datetime) -> set[tuple[str, str]]:
    """Which of these are on the list already, or may not be put on it: by their identities.

    An address that is given up, or complained, before this import began at `now`, gets no digest by another name.
    """
    unwelcome = readers.c.status.in_((Status.BOUNCED, Status.COMPLAINED)) & (readers.c.created_at < now)
    asked = (readers.c.email_key, readers.c.name, unwelcome.label("unwelcome"))
    keys = {email_key(one.email) for one in entries}
    with reading(engine) as connection:
        found = connection.execute(select(*asked).where(readers.c.email_key.in_(keys))).all()
    shut = {row.email_key for row in found if row.unwelcome}
    there = {(row.email_key, row.name) for row in found}
    return there | {one.identity for one in entries if email_key(one.email) in shut}


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
        "name": one.name,
        "list_name": one.list_name,
    }
    return own | columns(one.preferences)
