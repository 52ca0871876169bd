"""What a reader can do: subscribe, confirm, change, pause, leave. One transaction each; mails go into the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from digest.domain import Delivery, Kind, Preferences, Reader, Status
from digest.readers import schedule
from digest.store import ledger, planning, readers
from digest.store.engine import writing
from digest.store.tables import readers as rows

# Who has said yes, and has not left.
SUBSCRIBED = (Status.ACTIVE, Status.PAUSED)
# Who wants no more of it, and may change their mind.
GONE = (Status.UNSUBSCRIBED, Status.COMPLAINED)
# Enough for a mail that went astray, too few to flood a stranger's mailbox.
MOST_ASKED = 3
ASKED_WITHIN = timedelta(days=1)


def subscribe(engine: Engine, email: str, preferences: Preferences, now: datetime) -> None:
    """Take a subscription from the form. Nobody but the owner of the address learns what it was before.

    Whoever gets digests already is sent a link to change them, and nothing typed into the form counts. Whoever
    complained is sent nothing: only their own link to their preferences takes them back. Everybody else is sent a link
    to confirm what was typed, and until they do they stay who they were.
    """
    with writing(engine) as connection:
        known = readers.by_email(connection, email)
        if known is None:
            known = readers.add(connection, email, preferences, Status.PENDING, now)
        if known.status in SUBSCRIBED:
            ask(connection, known, Kind.MANAGE, now)
        elif known.status is not Status.COMPLAINED:
            ask(connection, known, Kind.CONFIRM, now, preferences)


def ask(
    connection: Connection, reader: Reader, kind: Kind, now: datetime, preferences: Preferences | None = None
) -> None:
    """Write to an address that somebody typed into the form, unless that was done too often today."""
    if ledger.asked(connection, reader.id, (Kind.CONFIRM, Kind.MANAGE), since=now - ASKED_WITHIN) < MOST_ASKED:
        ledger.queue(connection, reader.id, kind, now, wanted=preferences)


def confirm(engine: Engine, request: Delivery, now: datetime) -> Reader | None:
    """Let the digests that one mail asked about begin, and plan the first; None if there is no such reader any more.

    Twice is as good as once. Somebody who left since the link was sent stays away: coming back takes a new
    subscription.
    """
    reader_id = request.reader.id
    with writing(engine) as connection:
        if wanted := ledger.wanted(connection, request.id):
            readers.prefer(connection, reader_id, wanted)
            readers.set_status(connection, reader_id, Status.ACTIVE, confirmed_at=now, next_due_at=now)
            planning.plan_for(connection, rows.c.id == reader_id, now, schedule.MOST_CATCH_UP, schedule.next_due)
        return readers.find_in(connection, reader_id)


def change(engine: Engine, reader_id: int, preferences: Preferences, now: datetime) -> Reader | None:
    """Give a reader new preferences; the next digest comes at the new hour."""
    with writing(engine) as connection:
        readers.prefer(connection, reader_id, preferences)
        readers.reschedule(connection, reader_id, schedule.next_due(preferences, now))
        return readers.find_in(connection, reader_id)


def pause(engine: Engine, reader_id: int) -> Reader | None:
    """Keep a reader's place, without digests."""
    return _turn(engine, reader_id, Status.ACTIVE, Status.PAUSED, None)


def resume(engine: Engine, reader_id: int, now: datetime) -> Reader | None:
    """Go on with digests, from the next regular one."""
    return _turn(engine, reader_id, Status.PAUSED, Status.ACTIVE, now)


def leave(engine: Engine, reader_id: int, now: datetime) -> None:
    """End it, at once; twice is as good as once.

    Whoever had said yes is written one goodbye: after a single click in a mail program it is all they see, and the
    only way back if the click was a slip. Whoever never confirmed hears no more, and a complaint stays one.
    """
    with writing(engine) as connection:
        reader = readers.find_in(connection, reader_id)
        if reader is None or reader.status is Status.COMPLAINED:
            return
        readers.set_status(connection, reader_id, Status.UNSUBSCRIBED, next_due_at=None)
        if reader.status in SUBSCRIBED and not ledger.asked(connection, reader_id, (Kind.GOODBYE,), now - ASKED_WITHIN):
            ledger.queue(connection, reader_id, Kind.GOODBYE, now)


def come_back(engine: Engine, reader_id: int, now: datetime) -> Reader | None:
    """Go on as before for somebody who left or complained, if they had ever said yes."""
    reader = readers.find(engine, reader_id)
    if reader is None or not reader.confirmed_at or reader.status not in GONE:
        return reader
    return _turn(engine, reader_id, reader.status, Status.ACTIVE, now)


def _turn(engine: Engine, reader_id: int, old: Status, new: Status, now: datetime | None) -> Reader | None:
    with writing(engine) as connection:
        reader = readers.find_in(connection, reader_id)
        if reader is None or reader.status is not old:
            return reader
        due = schedule.next_due(reader.preferences, now) if now else None
        readers.set_status(connection, reader_id, new, next_due_at=due)
        return readers.find_in(connection, reader_id)
