"""Plan who is due, write and send what waits, and keep the ledger true whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from stamina import retry

from digest.compose import Composer
from digest.compose.kinds import RULES
from digest.domain import Breaker, Delivery, Kind, Mail, Result, Selection, State
from digest.jobs import returns, routing
from digest.jobs.editions import Edition, Editions, chosen_again
from digest.jobs.routing import RELAY_REST
from digest.logs import get_logger
from digest.readers import addresses, schedule
from digest.store import editions, ledger, planning, slots
from digest.topics import parse
from digest.transport.smtp import OnResults, RelayAway, Route

log = get_logger()
Clock = Callable[[], datetime]

# Few enough that a crash leaves little uncertain, many enough that one transaction serves them all.
GROUP = 200
# Somebody whose topics match nothing hears so once a week, and not in the first one.
QUIET_FOR = timedelta(days=7)
# What the next digest does not overtake is given up after this (RFC 5321 4.5.4.1: four to five days).
GIVE_UP_AFTER = timedelta(days=4)
# A database that restarts is back within this; until then, what became of a mail waits to be written down.
SECONDS_FOR_THE_LEDGER = 60.0
# As long as the page behind a mail shows what the mail showed, and far longer than any mail is sent again.
KEEP_EDITIONS = timedelta(days=30)


class Busy(Exception):
    """Other workers hold all connections, and send what waits."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What it takes to send: who writes, which way it goes, what the time is, and what is sent again."""

    composer: Composer
    route: Route
    clock: Clock
    resend_uncertain: bool = True


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


def deliver(engine: Engine, post: Dispatcher, *, until: datetime | None = None) -> Counter[State]:
    """Send what waits in the ledger, group by group, until nothing does or the time is over; return the account.

    Raises RelayAway when no relay can be used any more, and what was claimed waits in the ledger again; Busy when no
    connection came free for the first group.
    """
    account: Counter[State] = Counter()
    found = Editions(engine, freeze=True)
    while not until or post.clock() < until:
        with slots.taken(engine, post.route.connections) as connections:
            if not connections and not account:
                raise Busy("another worker is sending; what waits goes through it, or with the next `digest send`")
            if not connections or not _deliver_group(engine, post, connections, found, account):
                break
    return account


def _deliver_group(
    engine: Engine, post: Dispatcher, connections: int, found: Editions, account: Counter[State]
) -> list[Delivery]:
    """Claim, write and send one group; return it, empty if nothing waits or no relay can be used."""
    now_open = routing.current(engine, post.route.relays, post.clock())
    most = 1 if now_open.half_open else GROUP
    if not now_open.relays:
        return []
    group = ledger.claim(engine, most, post.clock(), resend_uncertain=post.resend_uncertain)
    record = partial(_record, engine, post.clock, {delivery.id: delivery for delivery in group}, account)
    going = [delivery for delivery in group if routing.domain_of(delivery) not in now_open.slowed]
    if len(going) < len(group):
        _rest(engine, [delivery for delivery in group if delivery not in going], now_open.slowed, post.clock())
    mails = _write(engine, going, found, post.composer, record)
    route = replace(post.route, connections=connections)
    failures = routing.send(engine, mails, now_open, route, record, post.clock)
    if len(failures) == len(post.route.relays):
        relay, why = next(iter(failures.items()))
        raise RelayAway(f"cannot send through {relay}: {why} (DIGEST_SMTP_URL)")
    return group


def _write(
    engine: Engine, group: Sequence[Delivery], found: Editions, composer: Composer, record: OnResults
) -> list[Mail]:
    """Write the mails of a group, and put into the ledger what they bring before any of them goes."""
    chosen_from = found.gather(group)
    drafts = [_safe_draft(delivery, chosen_from.get(delivery.id), composer) for delivery in group]
    ledger.choose(engine, [(draft.delivery, draft.papers) for draft in drafts if draft.mail])
    record([Result(draft.delivery.id, draft.state, draft.reason) for draft in drafts if not draft.mail])
    return [draft.mail for draft in drafts if draft.mail]


def _rest(engine: Engine, group: Sequence[Delivery], slowed: Mapping[str, Breaker], now: datetime) -> None:
    """Put back what goes to a domain that is slowed, untried."""
    results = []
    for delivery in group:
        breaker = slowed[routing.domain_of(delivery)]
        result = Result(delivery.id, State.QUEUED, f"{breaker.name} is slowed: {breaker.reason}")
        results.append((delivery, result, schedule.after_rest(delivery.id, breaker.until, now)))
    ledger.record(engine, results, now)


@retry(on=OperationalError, timeout=SECONDS_FOR_THE_LEDGER, attempts=None, wait_max=1.0)
def _record(
    engine: Engine, clock: Clock, group: dict[int, Delivery], account: Counter[State], results: Sequence[Result]
) -> None:
    now = clock()
    after = [_after(result, group[result.delivery_id], now) for result in results]
    ledger.record(engine, after, now)
    routing.throttle(engine, [(delivery, result) for delivery, result, _ in after], now)
    returns.hear(engine, [(group[result.delivery_id], result) for result in results], now)
    account.update(result.state for _, result, _ in after)


def dry_run(engine: Engine, post: Dispatcher) -> list[Draft]:
    """What planning and delivering would write now, without changing anything."""
    due = planning.dry_run(engine, post.clock(), schedule.MOST_CATCH_UP, schedule.next_due, post.resend_uncertain)
    found = Editions(engine).gather(due)
    return [_safe_draft(delivery, found.get(delivery.id), post.composer) for delivery in due]


def sweep(engine: Engine, now: datetime) -> int:
    """Free what a dead worker held, to be sent again with the same Message-ID; return how many."""
    return ledger.release_lost(engine, now)


def tidy(engine: Engine, now: datetime) -> int:
    """Let go of editions that nobody will look at again; return how many."""
    return editions.drop(engine, now - KEEP_EDITIONS)


def _safe_draft(delivery: Delivery, edition: Edition | None, composer: Composer) -> Draft:
    try:
        return _draft(delivery, edition, composer)
    except Exception as error:
        # Our own fault, whatever it is. Raised, it would hold up all who were claimed together, again and again.
        log.exception("mail.unwritable", delivery=delivery.id)
        return Draft(delivery, reason=f"could not be written: {error!r}", state=State.FAILED)


def _draft(delivery: Delivery, edition: Edition | None, composer: Composer) -> Draft:
    """Decide which mail a delivery becomes."""
    status = delivery.reader.status
    if status not in RULES[delivery.kind].statuses:
        return Draft(delivery, reason=f"reader is {status}")
    if edition:
        return _digest(delivery, edition, composer)
    if delivery.kind is Kind.MOVE and not addresses.waits(delivery):
        return Draft(delivery, reason="the reader wants another address")
    if delivery.kind is Kind.CONFIRM and not delivery.wanted:
        return Draft(delivery, reason="the request is over")
    return Draft(delivery, composer.letter(delivery))


def _digest(delivery: Delivery, edition: Edition, composer: Composer) -> Draft:
    selection = _selection(delivery, edition)
    if selection.picks:
        chosen = tuple(pick.paper.id for pick in selection.picks)
        listed = len(edition.papers)
        mail = composer.digest(delivery, selection, listed=listed, days=edition.days, first=edition.first)
        return Draft(delivery, mail, chosen)
    if delivery.written or (edition.last_heard and delivery.due_at - edition.last_heard >= QUIET_FOR):
        return Draft(delivery, composer.quiet(delivery, listed=len(edition.papers)))
    return Draft(delivery, reason="nothing matched" if edition.papers else "nothing was listed")


def _selection(delivery: Delivery, edition: Edition) -> Selection:
    if delivery.written:
        # Tried before, and perhaps arrived: the same papers again, whatever has been listed since.
        chosen, others = chosen_again(delivery, edition)
        return Selection(tuple(chosen), len(others))
    wanted = delivery.reader.preferences
    profile = parse(wanted.topics)
    return edition.matcher.select(profile, limit=wanted.most_papers, seen=edition.seen, order=wanted.order)


def _after(result: Result, delivery: Delivery, now: datetime) -> tuple[Delivery, Result, datetime]:
    """What the ledger says next: the result, and when to try again."""
    match result.state:
        case State.QUEUED:
            return delivery, result, now + RELAY_REST
        case State.DEFERRED if now - delivery.due_at > GIVE_UP_AFTER:
            return delivery, Result(delivery.id, State.FAILED, f"given up: {result.reason}"), now
        case _:
            return delivery, result, schedule.next_attempt(delivery.id, delivery.attempts, now)
