"""Act on what became of mails: suppress, unsubscribe, count, or tell the operator. One path for replies and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError

from digest import bounces
from digest.bounces import Reading
from digest.domain import EPOCH, Delivery, Reader, Result, State, Verdict, VerdictKind
from digest.jobs.giving_up import COUNTS_FOR, SOON, too_many, worn_out
from digest.links import Links, Named, Purpose
from digest.logs import get_logger
from digest.readers.access import reader_of
from digest.readers.changes import apply
from digest.readers.life import Event, transition
from digest.store import bounces as notes
from digest.store import breakers, day_counts, ledger, readers, siblings
from digest.store.engine import reading, retried, writing

log = get_logger()

# What a reply says of the address; the other soft ones are the relay's own trouble, and no reader's.
OF_THE_ADDRESS = SOON | {"mailbox-full", "refused", "no-such-domain", "moved", "takes-no-mail"}
# What a report says of a server that cannot, and not of an address.
OF_THE_RELAY = frozenset({"system", "busy"})
FAILURES = (VerdictKind.HARD, VerdictKind.SOFT, VerdictKind.SENDER_FAULT)
ENDINGS = {VerdictKind.COMPLAINT: Event.COMPLAIN, VerdictKind.UNSUBSCRIBE: Event.LEAVE_BY_MAIL}

TOO_MANY = "more bounces than is plausible"
# How it is said that a message changed nothing: sent once more, it is not counted once more.
UNCHANGED = ("already", "nothing changes")
HELD = f"held for the operator: {TOO_MANY}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that came back: its verdict, what was done in a few words, and to whom.

    The words hold no address: they go into logs. `email` is for the operator's own screen.
    """

    verdict: Verdict
    done: str
    reader_id: int | None = None
    email: str = ""

    def __str__(self) -> str:
        return f"{self.email}: {self.done}" if self.email else self.done


def take(engine: Engine, links: Links, content: bytes, now: datetime) -> Taken:
    """Judge a message that came back and act on it."""
    return act_on(engine, links, bounces.read(content), now)


def act_on(engine: Engine, links: Links, read: Reading, now: datetime) -> Taken:
    """Act on what a message, or a provider's webhook, means.

    Only a token of ours says whose mail it was, or the id that a provider gave it: a forged report changes nothing.
    """
    verdict, whose = read.verdict, _whose(engine, links, read)
    if whose is None:
        if verdict.kind is VerdictKind.SENDER_FAULT:
            _tell(verdict, 1)
        return Taken(verdict, "it bears no signature of ours, so nothing changes")
    try:
        done = _act(engine, whose, verdict, now)
    except (DataError, UnicodeError) as error:
        # The message's own fault, and of no other: to wait for a better database would be to wait for ever.
        log.warning("returned.unwritable", reader=whose.reader.id, error=type(error).__name__)
        return Taken(bounces.NOTHING_READ.verdict, "it cannot be written down, so nothing changes", whose.reader.id)
    return Taken(verdict, done, whose.reader.id, whose.reader.email)


def hear(engine: Engine, tried: Collection[tuple[Delivery, Result]], now: datetime) -> None:
    """Act on what the relay replied to mails just tried; what went after all clears what was noted of it."""
    notes.settle(engine, [one.id for one, result in tried if result.state is State.SENT and one.attempts > 1])
    refused = [(one, result) for one, result in tried if result.state in (State.FAILED, State.DEFERRED)]
    ours: Counter[Verdict] = Counter()
    for delivery, result in refused:
        verdict = bounces.of_reply(result.reason)
        if bounces.trouble_of_reply(result.reason) is bounces.Trouble.RELAY:
            continue
        if verdict.kind is VerdictKind.SENDER_FAULT:
            ours[verdict] += 1
        elif verdict.kind is VerdictKind.HARD or verdict.reason in OF_THE_ADDRESS:
            _act(engine, Whose(delivery.reader, delivery.id), verdict, now)
    for verdict, mails in ours.items():
        _tell(verdict, mails)


def _tell(verdict: Verdict, mails: int) -> None:
    log.warning("mail.refused_for_our_fault", reason=verdict.reason, status=verdict.status, mails=mails)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose mail came back, and which, if that is known. `moved`: it went to an address they have left since."""

    reader: Reader
    delivery_id: int | None = None
    moved: bool = False


def _whose(engine: Engine, links: Links, read: Reading) -> Whose | None:
    """The reader, and the delivery if it is named, that the first true token in a message is of."""
    with reading(engine) as connection:
        for token in read.bounce_tokens:
            if (named := links.read_bounce(token)) and (found := _named(connection, named, named.delivery_id)):
                return found
        if read.relays_id and (number := ledger.with_relays_id(connection, read.relays_id)):
            return _addressed(ledger.find_in(connection, number), read.verdict)
        for token in read.leave_tokens:
            # Which of the mails it was decides nothing but whether a failure still counts.
            delivery_id = next(iter(read.delivery_ids), None)
            if (named := links.read(Purpose.UNSUBSCRIBE, token)) and (found := _named(connection, named, delivery_id)):
                return found
    return None


def _addressed(delivery: Delivery | None, verdict: Verdict) -> Whose | None:
    """Whose a delivery is. It may have gone to an address that they have left since."""
    if delivery is None:
        return None
    told = {address.casefold() for address in verdict.recipients}
    return Whose(delivery.reader, delivery.id, moved=bool(told) and delivery.reader.email.casefold() not in told)


def _named(connection: Connection, named: Named, delivery_id: int | None) -> Whose | None:
    reader = reader_of(connection, named, Purpose.UNSUBSCRIBE)
    if reader is None:
        return None
    return Whose(reader, delivery_id, moved=reader_of(connection, named, Purpose.PREFERENCES) is None)


def _act(engine: Engine, whose: Whose, verdict: Verdict, now: datetime) -> str:
    """Let a verdict happen to a reader, in a transaction of its own; say what was done."""
    done = _apply(engine, whose, verdict, now)
    if not done.endswith(UNCHANGED):
        day_counts.add(engine, day_counts.RETURNED, verdict.kind, verdict.reason, now)
    if done is HELD:
        domain = whose.reader.email.rpartition("@")[2].lower()
        # Not above: a mail server pays for every import with every message, and this is rare.
        from digest.jobs.routing import DOMAIN_REST, LONGEST_DOMAIN_REST

        breakers.trip(engine, f"domain {domain}", TOO_MANY, DOMAIN_REST, LONGEST_DOMAIN_REST, now)
        log.error("bounces.held", reader=whose.reader.id, reason=verdict.reason)
    return done


@retried
def _apply(engine: Engine, whose: Whose, verdict: Verdict, now: datetime) -> str:
    # One transaction each: two that change many readers in different orders would wait for each other.
    with writing(engine) as connection:
        # A verdict may end all digests of an address.
        siblings.lock_all(connection, whose.reader.id)
        reader = readers.lock(connection, whose.reader.id)
        if reader is None:
            return "the reader is gone, so nothing changes"
        if event := ENDINGS.get(verdict.kind):
            return _happens(connection, reader, event, now)
        if verdict.kind not in FAILURES or _is_the_servers(verdict):
            return "nothing changes"
        if whose.moved:
            return "it went to an address they have left, so nothing changes"
        return _failed(connection, reader, whose.delivery_id, verdict, now)


def _is_the_servers(verdict: Verdict) -> bool:
    """Whether a server speaks of itself: by the reason, or by a code about the mail system (RFC 3463, 3.4)."""
    of_a_system = verdict.reason in OF_THE_RELAY or verdict.status.startswith("4.3.")
    return verdict.kind is VerdictKind.SOFT and of_a_system and verdict.reason not in OF_THE_ADDRESS


def _happens(connection: Connection, reader: Reader, event: Event, now: datetime) -> str:
    after = apply(connection, reader.id, event, now)
    assert after
    return f"{after.status} already" if after.status is reader.status else f"{after.status} now"


def _failed(connection: Connection, reader: Reader, delivery_id: int | None, verdict: Verdict, now: datetime) -> str:
    """Note that a mail failed, and give its reader up when it is time to."""
    due_at = delivery_id and notes.due_of(connection, reader.id, delivery_id)
    if not delivery_id or not due_at:
        return "the mail is unknown, so nothing changes"
    confirmed_at = reader.confirmed_at or EPOCH
    if due_at < confirmed_at:
        return "they have confirmed since, so nothing changes"
    before = notes.note(connection, reader.id, delivery_id, verdict, now)
    if verdict.kind is VerdictKind.SENDER_FAULT:
        _tell(verdict, 1)
        return "it is our own fault: noted for the operator"
    if before == notes.FORGIVEN:
        return "the operator took it back, so nothing changes"
    moments = notes.failed_in_a_row(connection, reader.id, delivery_id, since=max(now - COUNTS_FOR, confirmed_at))
    if verdict.kind is VerdictKind.SOFT and not worn_out(moments, verdict.reason):
        return f"noted; {len(moments)} in a row"
    event = Event.BOUNCE if verdict.kind is VerdictKind.HARD else Event.WEAR_OUT
    return _give_up(connection, reader, delivery_id, verdict.kind, event, now)


def _give_up(
    connection: Connection, reader: Reader, delivery_id: int, kind: VerdictKind, event: Event, now: datetime
) -> str:
    """End a reader whom no mail reaches, unless so many end at once that it is somebody's mistake."""
    if transition(reader.status, event) is None:
        return f"{reader.status} already"
    if too_many(connection, now):
        notes.mark(connection, delivery_id, kind, notes.HELD)
        return HELD
    notes.mark(connection, delivery_id, kind, notes.ENDED)
    return _happens(connection, reader, event, now)
