"""Readers, as rows. Refuses to decide who becomes what: that is `readers.life`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, Engine, exists, func, select

from digest.domain import EPOCH, Cadence, Kind, Order, Preferences, Reader, Status
from digest.logs import get_logger
from digest.store import keys, muted
from digest.store.engine import insert_into, reading, retried, writing
from digest.store.readable import readable
from digest.store.tables import deliveries, readers

log = get_logger()

PREFERENCES = (
    "topics", "cadence", "hour", "timezone", "most_papers", "pictures", "weekday", "order", "related",
)  # fmt: skip
# How many readers `everyone` holds in memory at once.
PAGE = 1_000


class AlreadyThere(Exception):
    """The address is on the list already."""


def find(engine: Engine, reader_id: int) -> Reader | None:
    with reading(engine) as connection:
        return find_in(connection, reader_id)


def find_in(connection: Connection, reader_id: int) -> Reader | None:
    """The same, inside a transaction."""
    return _one(connection, readers.c.id == reader_id)


def lock(connection: Connection, reader_id: int) -> Reader | None:
    """The same, and nobody else changes this reader until the transaction ends. Always the first lock on rows."""
    return _one(connection, readers.c.id == reader_id, locked=True)


def lock_email(connection: Connection, email: str) -> Reader | None:
    """The same for who has this address once nobody else is changing it: of several digests, the first."""
    return _one(connection, readers.c.email_key == email_key(email), locked=True)


def by_email(connection: Connection, email: str, name: str | None = None) -> Reader | None:
    """Find the digest of an address that has this name; without one, the first: it has none, or came before others."""
    theirs = readers.c.email_key == email_key(email)
    return _one(connection, theirs if name is None else theirs & (readers.c.name == name))


def email_key(email: str) -> str:
    """What makes two addresses the same reader: case does not count, but `ß` is not `ss`."""
    return normalize("NFC", email.strip()).lower()


def everyone(engine: Engine) -> Iterator[Reader]:
    """Every reader, in the order they came."""
    last = 0
    while True:
        question = select(readers.c.id).where(readers.c.id > last).order_by(readers.c.id).limit(PAGE)
        with reading(engine) as connection:
            ids = list(connection.execute(question).scalars())
            page = among(connection, ids)
        yield from page
        if len(ids) < PAGE:
            return
        last = ids[-1]


def among(connection: Connection, ids: Sequence[int]) -> list[Reader]:
    """These readers by number, but for those that cannot be read: they are named in the log."""

    def read(*some: int) -> list[Reader]:
        question = select(readers).where(readers.c.id.in_(some)).order_by(readers.c.id)
        return [reader_of(row) for row in connection.execute(question).mappings()]

    found, unreadable = readable(lambda: read(*ids), lambda: ids, read)
    for reader_id, why in unreadable.items():
        log.error("reader.set_aside", reader=reader_id, why=why)
    return found


def add(
    connection: Connection,
    email: str,
    preferences: Preferences,
    status: Status,
    now: datetime,
    paused_until: datetime | None = None,
    name: str = "",
    list_name: str = "",
) -> Reader:
    """Write a new reader down, or find the one who was quicker; an active one is due at once."""
    active = status is Status.ACTIVE
    agreed = status in (Status.ACTIVE, Status.PAUSED)
    values = {
        "email": email.strip(),
        "email_key": email_key(email),
        "status": status,
        "created_at": now,
        "confirmed_at": now if agreed else None,
        "next_due_at": now if active else None,
        "paused_until": paused_until if status is Status.PAUSED else None,
        "name": name,
        "list_name": list_name,
    }
    statement = insert_into(connection, readers).values(**values, **columns(preferences))
    connection.execute(statement.on_conflict_do_nothing())
    theirs = (readers.c.email_key == email_key(email)) & (readers.c.name == name)
    return _known(_one(connection, theirs, locked=True))


def admit(
    engine: Engine, email: str, preferences: Preferences, now: datetime, status: Status = Status.ACTIVE, name: str = ""
) -> Reader:
    """The operator's way in, without a confirmation; AlreadyThere for an address on the list."""
    with writing(engine) as connection:
        return admit_in(connection, email, preferences, now, status, name=name)


def admit_in(
    connection: Connection,
    email: str,
    preferences: Preferences,
    now: datetime,
    status: Status = Status.ACTIVE,
    *,
    key: str = "",
    paused_until: datetime | None = None,
    name: str = "",
    list_name: str = "",
) -> Reader:
    """The same inside a transaction, with the key that links in older mails name this reader by, if it is free."""
    if known := by_email(connection, email, name):
        called = f", named {known.name}" if known.name else ""
        raise AlreadyThere(f"{known.email} is on the list already ({known.status}{called})")
    reader = add(connection, email, preferences, status, now, paused_until, name, list_name)
    if key and keys.is_free(connection, key):
        keys.give(connection, reader.id, key)
    return _known(find_in(connection, reader.id))


def prefer(connection: Connection, reader_id: int, preferences: Preferences) -> None:
    connection.execute(readers.update().where(readers.c.id == reader_id).values(**columns(preferences)))


def turn(connection: Connection, reader_id: int, values: Mapping[str, object]) -> None:
    """Change these columns of a reader."""
    if values:
        connection.execute(readers.update().where(readers.c.id == reader_id).values(**values))


def withdraw(connection: Connection, reader_id: int) -> None:
    """Let nothing that was asked for before be confirmed any more."""
    asked = (deliveries.c.reader_id == reader_id) & (deliveries.c.kind == Kind.CONFIRM)
    connection.execute(deliveries.update().where(asked).values(preferences=None))


def pauses_over(engine: Engine, now: datetime) -> list[int]:
    """The readers whose pause has ended, up to so many as one transaction each is no trouble for."""
    over = (readers.c.status == Status.PAUSED) & (readers.c.paused_until <= now)
    with reading(engine) as connection:
        return list(connection.execute(select(readers.c.id).where(over).order_by(readers.c.id).limit(PAGE)).scalars())


def reschedule(connection: Connection, reader_id: int, next_due_at: datetime) -> None:
    """Move the next digest of a reader who gets any."""
    active = readers.c.status == Status.ACTIVE
    connection.execute(readers.update().where(readers.c.id == reader_id, active).values(next_due_at=next_due_at))


def forget(engine: Engine, email: str) -> bool:
    """Delete all digests of an address and everything kept about them; say whether there was one."""
    with writing(engine) as connection:
        return forget_in(connection, email)


def forget_in(connection: Connection, email: str) -> bool:
    """The same, inside a transaction."""
    return bool(connection.execute(readers.delete().where(readers.c.email_key == email_key(email))).rowcount)


def forget_one(connection: Connection, reader_id: int) -> None:
    """Delete this digest alone, and everything kept about it."""
    connection.execute(readers.delete().where(readers.c.id == reader_id))


@retried
def forget_pending(engine: Engine, before: datetime) -> int:
    """Delete who last asked before this moment and never confirmed; return how many."""
    theirs = (deliveries.c.reader_id == readers.c.id) & (deliveries.c.kind == Kind.CONFIRM)
    asked_again = exists().where(theirs, deliveries.c.due_at >= before)
    stale = (readers.c.status == Status.PENDING) & (readers.c.created_at < before) & ~asked_again
    with writing(engine) as connection:
        return connection.execute(readers.delete().where(stale)).rowcount


def counts(engine: Engine) -> dict[str, int]:
    question = select(readers.c.status, func.count()).group_by(readers.c.status)
    with reading(engine) as connection:
        found: dict[str, int] = dict(connection.execute(question).all())
    return {status.value: found.get(status.value, 0) for status in Status}


def reader_of(row: Mapping[Any, Any], prefix: str = "") -> Reader:
    """The reader in a row; with a prefix, where the columns carry one. Raises ValueError for what makes none."""
    chosen = {name: row[prefix + name] for name in PREFERENCES}
    check_numbers(chosen[name] for name in ("hour", "most_papers", "weekday"))
    if not isinstance(row[prefix + "email"], str):
        raise ValueError("an address that is no text")
    chosen |= {"cadence": Cadence(chosen["cadence"]), "order": Order(chosen["order"])}
    chosen["muted"] = muted.of_text(row[prefix + "muted"])
    return Reader(
        id=row[prefix + "id"],
        email=row[prefix + "email"],
        status=Status(row[prefix + "status"]),
        preferences=Preferences(**chosen),
        created_at=row[prefix + "created_at"],
        confirmed_at=row[prefix + "confirmed_at"],
        next_due_at=row[prefix + "next_due_at"],
        new_email=row[prefix + "new_email"],
        paused_until=row[prefix + "paused_until"],
        key=row[prefix + "key"],
        name=row[prefix + "name"],
        list_name=row[prefix + "list_name"],
    )


def check_numbers(read: Iterable[object]) -> None:
    """Raise ValueError for what should be a number and is none: a column of SQLite holds whatever is put into it."""
    for value in read:
        if not isinstance(value, int):
            raise ValueError("text where a number should be")


def _one(connection: Connection, where: Any, *, locked: bool = False) -> Reader | None:  # noqa: ANN401 - a column expression
    # Of one address there may be several; the first is the one without a name, or the oldest.
    question = select(readers).where(where).order_by(readers.c.name != "", readers.c.id).limit(1)
    # SQLite has one writer at a time and needs no lock.
    question = question.with_for_update(key_share=True) if locked else question
    try:
        row = connection.execute(question).mappings().one_or_none()
        return None if row is None else reader_of(row)
    except (ValueError, TypeError):
        return _bare(connection, where)


def _bare(connection: Connection, where: Any) -> Reader | None:  # noqa: ANN401 - a column expression
    """What is left of a reader whose row holds nonsense: enough to leave, to be deleted, and to choose anew."""
    left = (readers.c.id, readers.c.email, readers.c.status, readers.c.key, readers.c.name)
    question = select(*left).where(where).order_by(readers.c.name != "", readers.c.id).limit(1)
    row = connection.execute(question).one_or_none()
    if row is None:
        return None
    status = Status(row.status) if row.status in list(Status) else Status.ACTIVE
    log.error("reader.unreadable", reader=row.id)
    return Reader(
        row.id,
        str(row.email),
        status,
        Preferences(),
        created_at=EPOCH,
        confirmed_at=EPOCH,
        key=row.key,
        name=str(row.name),
    )


def _known(reader: Reader | None) -> Reader:
    assert reader is not None
    return reader


def columns(preferences: Preferences) -> dict[str, object]:
    """What a row says of what a reader chose."""
    return {name: getattr(preferences, name) for name in PREFERENCES} | {"muted": muted.as_text(preferences.muted)}
