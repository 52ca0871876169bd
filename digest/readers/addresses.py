"""A reader's change of address: asked for, agreed to by the new address, told to the old one. One transaction each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from digest.domain import Delivery, Kind, Reader, Status
from digest.readers.changes import Details, apply
from digest.readers.life import SUBSCRIBED, Event
from digest.store import mailboxes, readers, suppressed
from digest.store.engine import retried, writing


@retried
def ask(engine: Engine, reader_id: int, address: str, now: datetime, *, quietly: bool = False) -> Reader | None:
    """Ask a new address whether it wants a reader's digest; nothing else changes. The reader's own one ends the wait.

    Whoever asks does not learn whether somebody else has that address: what is kept is the same. A subscriber learns
    from the page behind the link that they have a digest of their own; who complained is sent nothing.
    No mail goes out if it is to be done `quietly`.
    """
    with writing(engine) as connection:
        mailboxes.lock(connection, address)
        other = readers.by_email(connection, address)
        own = other is not None and other.id == reader_id
        status = other.status if other else suppressed.status(connection, address)
        unwelcome = status is Status.COMPLAINED
        details = Details(address="" if own else address, unwelcome=unwelcome, quietly=quietly or own)
        return apply(connection, reader_id, Event.ASK_TO_MOVE, now, details)


def waits(request: Delivery) -> bool:
    """Whether this is the mail whose answer its reader waits for."""
    return request.kind is Kind.MOVE and _wants(request.reader, request.recipient)


def arrived(request: Delivery) -> bool:
    """Whether the digest goes where this mail asked."""
    return request.kind is Kind.MOVE and _same(request.reader.email, request.recipient)


@retried
def agree(engine: Engine, request: Delivery, now: datetime) -> bool:
    """Let the digest go to the address this mail went to, and tell the old one; say whether that address was free.

    It is not while it gets a digest of its own. What is left of a subscription that ended makes room.
    """
    address = request.recipient
    with writing(engine) as connection:
        mailboxes.lock(connection, address)
        other = readers.by_email(connection, address)
        readers.lock_both(connection, request.reader.id, other.id if other else request.reader.id)
        reader, other = readers.find_in(connection, request.reader.id), readers.by_email(connection, address)
        if reader is None or not _wants(reader, address):
            return True
        if other and other.status in SUBSCRIBED:
            return False
        readers.forget_in(connection, address)
        apply(connection, reader.id, Event.MOVE, now, Details(address=address))
        return True


@retried
def decline(engine: Engine, request: Delivery) -> None:
    """Leave things as they are, and the link dead."""
    with writing(engine) as connection:
        reader = readers.lock(connection, request.reader.id)
        if reader and _same(reader.new_email, request.recipient):
            readers.turn(connection, reader.id, {"new_email": ""})


def _wants(reader: Reader, address: str) -> bool:
    """Whether a reader waits for this address. Who left or complained waits for nothing."""
    return reader.status in SUBSCRIBED and _same(reader.new_email, address)


def _same(one: str, other: str) -> bool:
    return readers.email_key(one) == readers.email_key(other)
