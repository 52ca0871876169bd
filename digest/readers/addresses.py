"""A reader's change of address: asked for, agreed to by the new address, told to the old one. One transaction each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from digest.domain import Delivery, Kind, Reader, State, Status
from digest.readers.subscriptions import ASKED_WITHIN, MOST_ASKED, SUBSCRIBED
from digest.store import ledger, readers
from digest.store.engine import writing


def ask(engine: Engine, reader_id: int, address: str, now: datetime, *, quietly: bool = False) -> Reader | None:
    """Ask a new address whether it wants a reader's digest; nothing else changes. The reader's own one ends the wait.

    Whoever asks does not learn whether somebody else has that address: what is kept is the same. A subscriber learns
    from the page behind the link that they have a digest of their own; who complained is sent nothing.
    No mail goes out if it is to be done `quietly`.
    """
    with writing(engine) as connection:
        reader = readers.find_in(connection, reader_id)
        if reader is None or reader.status not in SUBSCRIBED:
            return reader
        other = readers.by_email(connection, address)
        readers.want_address(connection, reader_id, "" if other == reader else address)
        if other != reader and not quietly and _may_write(connection, reader_id, address, now):
            unwelcome = other and other.status is Status.COMPLAINED
            state = State.SKIPPED if unwelcome else State.QUEUED
            ledger.queue(connection, reader_id, Kind.MOVE, now, recipient=address, state=state)
        return readers.find_in(connection, reader_id)


def _may_write(connection: Connection, reader_id: int, address: str, now: datetime) -> bool:
    """Neither may one reader write to many strangers, nor many readers to one."""
    since = now - ASKED_WITHIN
    asked = ledger.asked(connection, reader_id, (Kind.MOVE,), since), ledger.written_to(connection, address, since)
    return max(asked) < MOST_ASKED


def waits(request: Delivery) -> bool:
    """Whether this is the mail whose answer its reader waits for."""
    return request.kind == Kind.MOVE and _wants(request.reader, request.recipient)


def arrived(request: Delivery) -> bool:
    """Whether the digest goes where this mail asked."""
    return request.kind == Kind.MOVE and _same(request.reader.email, request.recipient)


def agree(engine: Engine, request: Delivery, now: datetime) -> bool:
    """Let the digest go to the address this mail went to, and tell the old one; say whether that address was free.

    It is not while it gets a digest of its own. What is left of a subscription that ended makes room.
    """
    with writing(engine) as connection:
        reader = readers.find_in(connection, request.reader.id)
        if reader is None or not _wants(reader, request.recipient):
            return True
        other = readers.by_email(connection, request.recipient)
        if other and other.status in SUBSCRIBED:
            return False
        readers.forget_in(connection, request.recipient)
        readers.move(connection, reader.id, request.recipient, now)
        ledger.queue(connection, reader.id, Kind.MOVED, now, recipient=reader.email)
        return True


def decline(engine: Engine, request: Delivery) -> None:
    """Leave things as they are, and the link dead."""
    with writing(engine) as connection:
        reader = readers.find_in(connection, request.reader.id)
        if reader and _same(reader.new_email, request.recipient):
            readers.want_address(connection, reader.id, "")


def _wants(reader: Reader, address: str) -> bool:
    """Whether a reader waits for this address. Who left or complained waits for nothing."""
    return reader.status in SUBSCRIBED and _same(reader.new_email, address)


def _same(one: str, other: str) -> bool:
    return readers.email_key(one) == readers.email_key(other)
