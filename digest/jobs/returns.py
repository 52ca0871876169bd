"""Act on what became of mails: suppress, unsubscribe, count, or tell the operator. One path for replies and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from digest import bounces
from digest.domain import EPOCH, Delivery, Reader, Result, State, Status, Verdict, VerdictKind
from digest.links import Links, Purpose
from digest.logs import get_logger
from digest.store import bounces as notes
from digest.store import readers
from digest.store.engine import writing
from digest.transport.mailbox import Mailbox, empty

log = get_logger()
Clock = Callable[[], datetime]

# How long a failure counts: twelve mails of a weekly reader.
COUNTS_FOR = timedelta(days=90)
# A full mailbox outlasts a holiday; a server may be down for a week.
WORN_OUT = (5, timedelta(days=21))
# A mailbox that is disabled, or said in doubt not to exist, seldom comes back.
SOON_WORN_OUT = (3, timedelta(days=2))
SOON = frozenset({"disabled", "no-such-user"})
# What a reply says of the address; the other soft ones are the relay's own trouble, and no reader's.
OF_THE_ADDRESS = SOON | {"mailbox-full", "refused", "no-such-domain", "moved", "takes-no-mail"}
REACHED = frozenset({Status.PENDING, Status.ACTIVE, Status.PAUSED})


def take(engine: Engine, links: Links, content: bytes, now: datetime) -> tuple[Verdict, str]:
    """Judge a message that came back and act on it; return the verdict, and what was done in a few words.

    Only a token of ours says whose mail it was: a forged report changes nothing.
    """
    verdict = bounces.of_message(content)
    whose = _whose(links, content)
    if whose is None:
        if verdict.kind is VerdictKind.SENDER_FAULT:
            _tell(verdict, 1)
        return verdict, "it bears no signature of ours, so nothing changes"
    with writing(engine) as connection:
        return verdict, _apply(connection, *whose, verdict, now)


def hear(engine: Engine, tried: Collection[tuple[Delivery, Result]], now: datetime) -> None:
    """Act on what the relay replied to mails just tried; what went after all clears what was noted of it."""
    notes.settle(engine, [one.id for one, result in tried if result.state is State.SENT and one.attempts > 1])
    refused = [(one, result) for one, result in tried if result.state in (State.FAILED, State.DEFERRED)]
    ours: Counter[Verdict] = Counter()
    for delivery, result in refused:
        verdict = bounces.of_reply(result.reason)
        if verdict.kind is VerdictKind.SENDER_FAULT:
            ours[verdict] += 1
        elif verdict.kind is VerdictKind.HARD or verdict.reason in OF_THE_ADDRESS:
            # One transaction each: two that change many readers in different orders would wait for each other.
            with writing(engine) as connection:
                _apply(connection, delivery.reader.id, delivery.id, verdict, now)
    for verdict, mails in ours.items():
        _tell(verdict, mails)


def empty_mailbox(engine: Engine, links: Links, mailbox: Mailbox, clock: Clock) -> Counter[VerdictKind]:
    """Take in what came back to a mailbox; return how many of each kind. What nobody understands stays there, flagged.

    Raises MailboxAway; what was taken until then is committed, and gone from the mailbox.
    """
    taken: Counter[VerdictKind] = Counter()

    def take_one(content: bytes) -> bool:
        try:
            verdict, done = take(engine, links, content, clock())
        except SQLAlchemyError:
            raise  # The database is away: the message waits.
        except Exception:
            log.exception("returned.unjudged")
            return False
        log.info("returned.taken", kind=verdict.kind, reason=verdict.reason, done=done)
        taken[verdict.kind] += 1
        return verdict.reason != bounces.NOT_UNDERSTOOD

    empty(mailbox, take_one, bounces.MOST_BYTES)
    return taken


def _tell(verdict: Verdict, mails: int) -> None:
    log.warning("mail.refused_for_our_fault", reason=verdict.reason, status=verdict.status, mails=mails)


def _whose(links: Links, content: bytes) -> tuple[int, int | None] | None:
    """The reader, and the delivery if it is named, that the first true token in a message is of."""
    for token in bounces.bounce_marks(content):
        if found := links.read_bounce(token):
            return found
    for token in bounces.leave_marks(content):
        if reader_id := links.read(Purpose.UNSUBSCRIBE, token):
            # Which of the mails it was decides nothing but whether a failure still counts.
            return reader_id, next(bounces.delivery_marks(content), None)
    return None


def _apply(connection: Connection, reader_id: int, delivery_id: int | None, verdict: Verdict, now: datetime) -> str:
    reader = readers.find_in(connection, reader_id)
    if reader is None:
        return "the reader is gone, so nothing changes"
    match verdict.kind:
        case VerdictKind.COMPLAINT:
            return _end(connection, reader, Status.COMPLAINED)
        case VerdictKind.UNSUBSCRIBE if reader.status is not Status.COMPLAINED:
            return _end(connection, reader, Status.UNSUBSCRIBED)
        case VerdictKind.HARD | VerdictKind.SOFT | VerdictKind.SENDER_FAULT:
            return _failed(connection, reader, delivery_id, verdict, now)
        case _:
            return "nothing changes"


def _end(connection: Connection, reader: Reader, status: Status) -> str:
    readers.set_status(connection, reader.id, status, next_due_at=None)
    return f"{reader.email} is {status} now"


def _failed(connection: Connection, reader: Reader, delivery_id: int | None, verdict: Verdict, now: datetime) -> str:
    """Note that a mail failed, and give its reader up when it is time to."""
    due_at = delivery_id and notes.due_of(connection, reader.id, delivery_id)
    if not delivery_id or not due_at:
        return "the mail is unknown, so nothing changes"
    confirmed_at = reader.confirmed_at or EPOCH
    if due_at < confirmed_at:
        return f"{reader.email} has confirmed since, so nothing changes"
    notes.note(connection, reader.id, delivery_id, verdict, now)
    if verdict.kind is VerdictKind.SENDER_FAULT:
        _tell(verdict, 1)
        return "it is our own fault: noted for the operator"
    moments = notes.failed_in_a_row(connection, reader.id, delivery_id, since=max(now - COUNTS_FOR, confirmed_at))
    if verdict.kind is VerdictKind.SOFT and not worn_out(moments, verdict.reason):
        return f"noted; {len(moments)} in a row for {reader.email}"
    if reader.status not in REACHED:
        return f"{reader.email} is {reader.status} already"
    return _end(connection, reader, Status.BOUNCED)


def worn_out(moments: Sequence[datetime], reason: str) -> bool:
    """Whether it is time to give an address up, after soft failures at these moments, the last one for this reason."""
    enough, long_enough = SOON_WORN_OUT if reason in SOON else WORN_OUT
    return len(moments) >= enough and moments[-1] - moments[0] >= long_enough
