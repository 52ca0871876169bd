"""What a reader can do: subscribe, confirm, change, pause, leave, delete. One transaction each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Engine

from digest.domain import Delivery, Preferences, Reader, Status
from digest.readers import changes, schedule
from digest.readers.changes import ASKED_WITHIN, MOST_ASKED, Details, apply
from digest.readers.life import SUBSCRIBED, Event, transition
from digest.store import ledger, mailboxes, planning, readers, siblings, suppressed
from digest.store.engine import reading, retried, writing
from digest.store.tables import readers as rows

__all__ = ["ASKED_WITHIN", "MOST_ASKED", "SUBSCRIBED", "Asked", "Event"]

AN_HOUR = timedelta(hours=1)


class Asked(StrEnum):
    """What a visitor who fills in the form may be told: never who they were before."""

    TAKEN = "taken"
    # The whole service has sent as many as it will this hour: no mail goes, and nothing is kept.
    LATER = "later"


def room(engine: Engine, now: datetime, most: int) -> Asked:
    """Say whether one more may ask for a mail this hour: the same work whoever asks."""
    with reading(engine) as connection:
        return _room(connection, now, most)


def _room(connection: Connection, now: datetime, most: int) -> Asked:
    full = most and mailboxes.asked_of_all(connection, now - AN_HOUR) >= most
    return Asked.LATER if full else Asked.TAKEN


@retried
def subscribe(engine: Engine, email: str, preferences: Preferences, now: datetime, *, most: int = 0) -> Asked:
    """Take a subscription from the form; of all together, at most so many an hour (0: any number).

    Nobody but the owner of the address learns what it was before. What follows takes longer for some than for others,
    so do it after the answer, and only `room` before.
    """
    with writing(engine) as connection:
        mailboxes.lock(connection, email)
        if _room(connection, now, most) is Asked.LATER:
            return Asked.LATER
        known = readers.lock_email(connection, email)
        if known:
            apply(connection, known.id, Event.SUBSCRIBE, now, Details(preferences))
        elif suppressed.status(connection, email) is not Status.COMPLAINED:
            _begin(connection, email, preferences, now)
    return Asked.TAKEN


def _begin(connection: Connection, email: str, preferences: Preferences, now: datetime) -> None:
    outcome = transition(None, Event.SUBSCRIBE)
    assert outcome
    assert outcome.status
    reader = readers.add(connection, email, preferences, outcome.status, now)
    apply(connection, reader.id, Event.SUBSCRIBE, now, Details(preferences))


@retried
def confirm(engine: Engine, request: Delivery, now: datetime) -> Reader | None:
    """Let the digests that one mail asked about begin, and plan the first; None if there is no such reader any more.

    Twice is as good as once. Somebody who left since the link was sent stays away: coming back takes a new
    subscription.
    """
    with writing(engine) as connection:
        siblings.lock_all(connection, request.reader.id)
        reader = readers.lock(connection, request.reader.id)
        requested = reader and ledger.requested(connection, request.id)
        if reader is None or not requested:
            return reader
        apply(connection, reader.id, Event.CONFIRM, now, Details(requested))
        planning.plan_for(connection, rows.c.id == reader.id, now, schedule.MOST_CATCH_UP, schedule.next_due)
        return readers.find_in(connection, reader.id)


@retried
def use_topics(engine: Engine, request: Delivery, now: datetime) -> Reader | None:
    """Let a subscriber have the topics they typed when they subscribed again; None if there is nobody any more.

    Nothing else changes: the rest of that form is what everybody finds filled in. Who left since then stays away.
    """
    with writing(engine) as connection:
        reader = readers.lock(connection, request.reader.id)
        requested = reader and ledger.requested(connection, request.id)
        if reader is None or not requested or reader.status not in SUBSCRIBED:
            return reader
        wanted = replace(reader.preferences, topics=requested.topics)
        return apply(connection, reader.id, Event.CHANGE, now, Details(wanted))


def ask_again(engine: Engine, reader: Reader, now: datetime) -> Reader | None:
    """Ask the owner of a digest once more to confirm it, and no other digest of the address."""
    return happens(engine, reader.id, Event.SUBSCRIBE, now, Details(reader.preferences))


def change(engine: Engine, reader_id: int, preferences: Preferences, now: datetime) -> Reader | None:
    """Give a reader new preferences; the next digest comes at the new hour."""
    return happens(engine, reader_id, Event.CHANGE, now, Details(preferences))


def pause(engine: Engine, reader_id: int, now: datetime, until: date | None = None) -> Reader | None:
    """Keep a reader's place, without digests: until they resume, or until a day begins in their zone."""
    if until is None:
        return happens(engine, reader_id, Event.PAUSE, now)
    reader = readers.find(engine, reader_id)
    begins = schedule.begins(until, reader.preferences) if reader else None
    return happens(engine, reader_id, Event.PAUSE_UNTIL, now, Details(until=begins))


def resume(engine: Engine, reader_id: int, now: datetime) -> Reader | None:
    """Go on with digests, from the next regular one."""
    return happens(engine, reader_id, Event.RESUME, now)


def resume_due(engine: Engine, now: datetime) -> int:
    """Go on with the digests of those whose pause has ended; return how many."""
    ended = 0
    while over := readers.pauses_over(engine, now):
        for reader_id in over:
            happens(engine, reader_id, Event.PAUSE_ENDS, now)
        ended += len(over)
    return ended


def leave(engine: Engine, reader_id: int, now: datetime) -> None:
    """End it, at once; twice is as good as once, and a complaint stays one."""
    happens(engine, reader_id, Event.LEAVE_BY_CLICK, now)


def leave_all(engine: Engine, reader_id: int, now: datetime) -> None:
    """End this digest and every other of the same address."""
    happens(engine, reader_id, Event.LEAVE_ALL, now)


def come_back(engine: Engine, reader_id: int, now: datetime) -> Reader | None:
    """Go on as before for somebody who left or complained, if they had ever said yes."""
    return happens(engine, reader_id, Event.COME_BACK, now)


def delete(engine: Engine, reader_id: int, now: datetime) -> None:
    """Delete all digests of a reader's address, and everything kept about them."""
    happens(engine, reader_id, Event.DELETE, now)


def delete_one(engine: Engine, reader_id: int, now: datetime) -> None:
    """Delete one digest, and everything kept about it."""
    happens(engine, reader_id, Event.DELETE_ONE, now)


@retried
def happens(
    engine: Engine, reader_id: int, event: Event, now: datetime, details: Details = changes.NO_DETAILS
) -> Reader | None:
    """Let an event happen to a reader, in a transaction of its own."""
    with writing(engine) as connection:
        return apply(connection, reader_id, event, now, details)
