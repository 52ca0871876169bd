"""Plan who is due, write and send what waits, and keep the ledger true whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Engine

from digest import schedule, subscriptions
from digest.compose import Composer
from digest.deliver import Relay, send_all
from digest.domain import Delivery, Mail, Result, Selection, State, Status
from digest.jobs import verdicts
from digest.jobs.editions import Edition, Editions, chosen_again
from digest.match import select
from digest.profile import parse
from digest.store import deliveries, planning
from digest.store.deliveries import DIGEST

log = structlog.get_logger()
Clock = Callable[[], datetime]

# Few enough that a crash leaves little uncertain, many enough that one transaction serves them all.
GROUP = 100
# When the relay is away, how long its mails rest.
RELAY_REST = timedelta(minutes=1)
# Somebody whose topics match nothing hears so once a week, and not in the first one.
QUIET_FOR = timedelta(days=7)
# A digest is overtaken by the next one; any other mail is given up after this (RFC 5321 4.5.4.1: four to five days).
GIVE_UP_AFTER = timedelta(days=4)
# Who may be sent which mail; what finds its reader elsewhere is skipped.
FOR_STATUS = {
    subscriptions.CONFIRM: {Status.PENDING},
    subscriptions.MANAGE: {Status.ACTIVE, Status.PAUSED},
    DIGEST: {Status.ACTIVE},
}


@dataclass(frozen=True, slots=True)
class Post:
    """What it takes to send: who writes, through which relay, on how many connections, and what the time is."""

    composer: Composer
    relay: Relay
    connections: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class Draft:
    """What a delivery becomes: a mail and the papers in it, or why there is none and where that leaves it."""

    delivery: Delivery
    mail: Mail | None = None
    papers: tuple[str, ...] = ()
    reason: str = ""
    state: State = State.SKIPPED


def plan(engine: Engine, now: datetime) -> int:
    """Write down the digest of everybody who is due; return how many."""
    return planning.plan(engine, now, schedule.MOST_CATCH_UP, schedule.next_due)


def deliver(engine: Engine, post: Post, *, until: datetime | None = None) -> Counter[State]:
    """Send what waits in the ledger, group by group, until nothing does or the time is over; return the account.

    Raises RelayAway when the relay cannot be used; what was claimed waits in the ledger again.
    """
    account: Counter[State] = Counter()
    editions = Editions(engine)
    while group := deliveries.claim(engine, GROUP, post.clock()):
        found = editions.gather(group)
        drafts = [_safe_draft(delivery, found.get(delivery.id), post.composer) for delivery in group]
        deliveries.choose(engine, {draft.delivery.id: draft.papers for draft in drafts if draft.papers})
        record = partial(_record, engine, post.clock, {delivery.id: delivery for delivery in group}, account)
        record([Result(draft.delivery.id, draft.state, draft.reason) for draft in drafts if not draft.mail])
        send_all([draft.mail for draft in drafts if draft.mail], post.relay, post.connections, record)
        if until and post.clock() >= until:
            break
    return account


def _record(
    engine: Engine, clock: Clock, group: dict[int, Delivery], account: Counter[State], results: Sequence[Result]
) -> None:
    now = clock()
    after = [_after(result, group[result.delivery_id], now) for result in results]
    deliveries.record(engine, after, now)
    account.update(result.state for result, _ in after)
    verdicts.hear(engine, [(group[result.delivery_id], result) for result in results], now)


def rehearse(engine: Engine, composer: Composer, now: datetime) -> list[Draft]:
    """What planning and delivering would write now, without changing anything."""
    due = planning.rehearse(engine, now, schedule.MOST_CATCH_UP, schedule.next_due)
    found = Editions(engine).gather(due)
    return [_draft(delivery, found.get(delivery.id), composer) for delivery in due]


def sweep(engine: Engine, now: datetime) -> int:
    """Free what a dead worker held, to be sent again with the same Message-ID; return how many."""
    return deliveries.release_lost(engine, now)


def _safe_draft(delivery: Delivery, edition: Edition | None, composer: Composer) -> Draft:
    try:
        return _draft(delivery, edition, composer)
    except Exception as error:
        # Our own fault, whatever it is. Raised, it would hold up all who were claimed together, again and again.
        log.exception("a mail could not be written", delivery=delivery.id)
        return Draft(delivery, reason=f"could not be written: {error!r}", state=State.FAILED)


def _draft(delivery: Delivery, edition: Edition | None, composer: Composer) -> Draft:
    """Decide which mail a delivery becomes."""
    status = delivery.reader.status
    if status not in FOR_STATUS[delivery.kind]:
        return Draft(delivery, reason=f"reader is {status}")
    if edition:
        return _digest(delivery, edition, composer)
    write = {subscriptions.CONFIRM: composer.confirm, subscriptions.MANAGE: composer.manage}[delivery.kind]
    return Draft(delivery, write(delivery))


def _digest(delivery: Delivery, edition: Edition, composer: Composer) -> Draft:
    selection = _selection(delivery, edition)
    if selection.picks:
        chosen = tuple(pick.paper.id for pick in selection.picks)
        return Draft(delivery, composer.digest(delivery, selection, listed=len(edition.index.papers)), chosen)
    if edition.last_heard and delivery.window.end - edition.last_heard >= QUIET_FOR:
        return Draft(delivery, composer.quiet(delivery, listed=len(edition.index.papers)))
    return Draft(delivery, reason="nothing matched" if edition.index.papers else "nothing was listed")


def _selection(delivery: Delivery, edition: Edition) -> Selection:
    if delivery.papers:
        # Tried before, and perhaps arrived: the same papers again, whatever has been listed since.
        chosen, others = chosen_again(delivery, edition)
        return Selection(tuple(chosen), len(others))
    wanted = delivery.reader.preferences
    return select(edition.index, parse(wanted.topics), limit=wanted.most_papers, seen=edition.seen)


def _after(result: Result, delivery: Delivery, now: datetime) -> tuple[Result, datetime]:
    """What the ledger says next: the result, and when to try again."""
    match result.state:
        case State.QUEUED:
            return result, now + RELAY_REST
        case State.DEFERRED if delivery.kind != DIGEST and now - delivery.due_at > GIVE_UP_AFTER:
            return Result(result.delivery_id, State.FAILED, f"given up: {result.reason}"), now
        case _:
            return result, schedule.next_attempt(delivery.id, delivery.attempts, now)
