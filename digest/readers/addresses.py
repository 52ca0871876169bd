"""A reader's change of address: asked for, agreed to by the new address, told to the old one. One transaction each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from digest.domain import Delivery, Kind, Reader, Status
from digest.readers.changes import Details, apply
from digest.readers.life import SUBSCRIBED, Event
from digest.store import mailboxes, readers, siblings, suppressed
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
        others = siblings.all_of(connection, address)
        own = any(one.id == reader_id for one in others)
        unwelcome = any(one.status is Status.COMPLAINED for one in others)
        unwelcome |= suppressed.status(connection, address) is Status.COMPLAINED
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

    It is not while it gets a digest of its own. What is left of a subscription that ended makes room. The other digests
    of the old address come along.
    """
    address = request.recipient
    with writing(engine) as connection:
        mailboxes.lock(connection, address)
        siblings.lock_all(connection, request.reader.id, address)
        reader = readers.find_in(connection, request.reader.id)
        if reader is None or not _wants(reader, address):
            return True
        if any(one.status in SUBSCRIBED for one in siblings.all_of(connection, address)):
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
