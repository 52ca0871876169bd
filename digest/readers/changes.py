"""Let an event happen to a reader: what `life` says follows, in one transaction that locks the reader first.

The only place that changes a status, its dates, or a key, and that writes the mails which belong to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest.domain import Kind, Preferences, Reader, State, Status
from digest.readers import schedule
from digest.readers.life import TO_THE_OTHERS, Due, Event, Outcome, transition
from digest.store import feedback, keys, ledger, mailboxes, readers, siblings, suppressed

# Enough for a mail that went astray, too few to flood a stranger's mailbox.
MOST_ASKED = 3
ASKED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Details:
    """What an event brings along: preferences, the end of a pause, another address or name.

    `unwelcome`: no mail goes to that address, and nothing else tells. `quietly`: none is even noted.
    """

    preferences: Preferences | None = None
    until: datetime | None = None
    address: str = ""
    name: str = ""
    unwelcome: bool = False
    quietly: bool = False


NO_DETAILS = Details()


def apply(
    connection: Connection, reader_id: int, event: Event, now: datetime, details: Details = NO_DETAILS
) -> Reader | None:
    """Let an event happen to a reader, and return them as they are now; None if there is nobody any more.

    What it means for their address happens to their other digests, too.
    """
    if others := TO_THE_OTHERS.get(event):
        ids = siblings.lock_all(connection, reader_id)
        reader = readers.find_in(connection, reader_id)
        # What changes nothing here, such as a report that comes twice, changes nothing there.
        if reader and transition(reader.status, event):
            for other_id in ids[1:]:
                _apply_to_one(connection, other_id, others, now, details)
    return _apply_to_one(connection, reader_id, event, now, details)


def _apply_to_one(
    connection: Connection, reader_id: int, event: Event, now: datetime, details: Details
) -> Reader | None:
    reader = readers.lock(connection, reader_id)
    if reader is None:
        return None
    outcome = transition(reader.status, event)
    if outcome is None or (outcome.if_agreed and not reader.confirmed_at):
        return reader
    if outcome.status is None:
        _forget(connection, reader, event, now)
        return None
    if event in WELCOMED_BY:
        suppressed.lift(connection, details.address or reader.email)
    _turn(connection, reader, event, outcome, now, details)
    if outcome.mail and not details.quietly:
        write(connection, reader, outcome.mail, now, details)
    return readers.find_in(connection, reader.id)


def _forget(connection: Connection, reader: Reader, event: Event, now: datetime) -> None:
    """Delete everything of a reader; where it was their own wish, others may not put them on the list again."""
    if event is Event.DELETE_ONE:
        feedback.hand_over(connection, reader.id)
    readers.forget_one(connection, reader.id)
    if event is Event.DELETE:
        suppressed.add(connection, reader.email, reader.status, now)


# Who says yes may have had everything deleted before.
WELCOMED_BY = (Event.CONFIRM, Event.MOVE)


def _turn(
    connection: Connection, reader: Reader, event: Event, outcome: Outcome, now: datetime, details: Details
) -> None:
    assert outcome.status
    if details.preferences and event in PREFERRED_BY:
        readers.prefer(connection, reader.id, details.preferences)
    values = _values(readers.find_in(connection, reader.id) or reader, event, outcome, now, details)
    readers.turn(connection, reader.id, values)
    if outcome.withdraws:
        readers.withdraw(connection, reader.id)
    if outcome.new_key:
        keys.rotate(connection, reader.id, now)


# What a stranger types into the form counts only once it is confirmed.
PREFERRED_BY = (Event.CONFIRM, Event.CHANGE)
# The whole address moves.
MOVED_BY = (Event.MOVE, Event.ADDRESS_MOVES)


def _values(reader: Reader, event: Event, outcome: Outcome, now: datetime, details: Details) -> Mapping[str, object]:
    """The columns that change. A pause has an end, and a digest a moment, only while there is one."""
    values: dict[str, object] = {}
    if outcome.status is not reader.status or outcome.due is not Due.AS_BEFORE:
        values |= {"status": outcome.status, "next_due_at": _due(reader, outcome, now)}
    if outcome.status is not reader.status or outcome.withdraws:
        values["paused_until"] = details.until if outcome.status is Status.PAUSED else None
    if outcome.agreed:
        values["confirmed_at"] = now
    if event is Event.ASK_TO_MOVE:
        values["new_email"] = details.address
    if event is Event.RENAME:
        # Mail programs sort by what it was called first.
        values |= {"name": details.name, "list_name": reader.listed_as}
    if event in MOVED_BY:
        address = details.address
        values |= {"email": address, "email_key": readers.email_key(address), "new_email": ""}
    return values


def _due(reader: Reader, outcome: Outcome, now: datetime) -> datetime | None:
    if outcome.status is not Status.ACTIVE:
        return None
    return now if outcome.due is Due.NOW else schedule.next_due(reader.preferences, now)


def write(connection: Connection, reader: Reader, kind: Kind, now: datetime, details: Details = NO_DETAILS) -> None:
    """Queue a mail that belongs to an event, unless that was done too often today."""
    since = now - ASKED_WITHIN
    match kind:
        case Kind.CONFIRM | Kind.MANAGE if _may_ask(connection, reader.email, since):
            mailbox = mailboxes.hashed(connection, reader.email)
            ledger.queue(connection, reader.id, kind, now, requested=details.preferences, mailbox=mailbox)
        case Kind.MOVE if _may_ask(connection, details.address, since) and _moves(connection, reader, since):
            state = State.SKIPPED if details.unwelcome else State.QUEUED
            mailbox = mailboxes.hashed(connection, details.address)
            ledger.queue(connection, reader.id, kind, now, details.address, state=state, mailbox=mailbox)
        case Kind.MOVED:
            ledger.queue(connection, reader.id, kind, now, recipient=reader.email)
        case Kind.GOODBYE if not ledger.asked(connection, [reader.id], (kind,), since):
            ledger.queue(connection, reader.id, kind, now)


def _may_ask(connection: Connection, address: str, since: datetime) -> bool:
    return mailboxes.asked(connection, address, since) < MOST_ASKED


def _moves(connection: Connection, reader: Reader, since: datetime) -> bool:
    """One reader does not write to many strangers, from however many digests."""
    theirs = [one.id for one in siblings.all_of(connection, reader.email)]
    return ledger.asked(connection, theirs, (Kind.MOVE,), since) < MOST_ASKED
