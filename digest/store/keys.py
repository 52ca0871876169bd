"""What links name readers by: a random key each, and what was their name in older mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from digest.store.columns import RandomKey
from digest.store.engine import insert_into
from digest.store.tables import old_keys, readers


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key it is. One that is `old` names them in mails due `until` then; not all `opens` everything still."""

    reader_id: int
    until: datetime | None = None
    opens: bool = True


def holder(connection: Connection, key: str) -> Holder | None:
    """Find whom a key names, or named."""
    reader_id = connection.execute(select(readers.c.id).where(readers.c.key == key)).scalar_one_or_none()
    if reader_id is not None:
        return Holder(reader_id)
    old = connection.execute(select(old_keys).where(old_keys.c.key == key)).one_or_none()
    return Holder(old.reader_id, old.until, old.opens) if old else None


def is_free(connection: Connection, key: str) -> bool:
    """Whether nobody has, or had, this key."""
    taken = select(exists().where(readers.c.key == key) | exists().where(old_keys.c.key == key))
    return not connection.execute(taken).scalar_one()


def give(connection: Connection, reader_id: int, key: str) -> None:
    """Give a reader a key that was theirs in another database."""
    connection.execute(readers.update().where(readers.c.id == reader_id).values(key=key))


def rotate(connection: Connection, reader_id: int, now: datetime) -> None:
    """Draw a new key for a reader; what bears an older one opens no page of theirs any more."""
    connection.execute(old_keys.update().where(old_keys.c.reader_id == reader_id).values(opens=False))
    old = connection.execute(select(readers.c.key).where(readers.c.id == reader_id)).scalar_one()
    row = {"key": old, "reader_id": reader_id, "until": now, "opens": False}
    connection.execute(insert_into(connection, old_keys).values(row).on_conflict_do_nothing())
    connection.execute(readers.update().where(readers.c.id == reader_id).values(key=RandomKey()))
