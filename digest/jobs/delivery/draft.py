"""Second step: what each delivery becomes, a mail with papers or a reason why there is none. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from digest.compose.kinds import RULES
from digest.domain import NOTHING_ELSE, Beside, Delivery, Kind, Mail, Mute, Quiet, Selection, State
from digest.jobs.delivery.dispatcher import Dispatcher
from digest.jobs.delivery.patience import Stopwatch, TookTooLong
from digest.jobs.editions import Edition, chosen_again, related_again
from digest.logs import get_logger
from digest.readers import addresses
from digest.readers.mutes import leaving_nothing
from digest.store.outcomes import SET_ASIDE
from digest.topics import parse

log = get_logger()

# Somebody whose topics match nothing hears so once a week, and not in the first one.
QUIET_FOR = timedelta(days=7)
MUTED = "all topics are muted"
# What a digest that has room for more may show beside what matched.
MOST_RELATED = 2


@dataclass(frozen=True, slots=True)
class Draft:
    """What a delivery becomes: a mail and the papers in it, or why there is none and where that leaves it."""

    delivery: Delivery
    mail: Mail | None = None
    papers: tuple[str, ...] = ()
    beside: Beside = NOTHING_ELSE
    reason: str = ""
    state: State = State.SKIPPED


def draft_all(group: Iterable[Delivery], editions: Mapping[int, Edition], post: Dispatcher) -> Iterator[Draft]:
    """Write the mails of a group. One that takes too long fails alone; when the time is over, the rest waits."""
    until = time.monotonic() + post.limits.a_group
    with Stopwatch(post.limits.a_mail) as stopwatch:
        for number, delivery in enumerate(group):
            if number and time.monotonic() > until:
                yield Draft(delivery, reason="no time was left to write it", state=State.QUEUED)
            else:
                yield _in_time(delivery, editions.get(delivery.id), post, stopwatch)


def _in_time(delivery: Delivery, edition: Edition | None, post: Dispatcher, stopwatch: Stopwatch) -> Draft:
    try:
        return stopwatch.run(lambda: draft_safely(delivery, edition, post))
    except TookTooLong:
        log.error("delivery.set_aside", delivery=delivery.id, why="took too long")
        return Draft(delivery, reason=f"{SET_ASIDE}took too long to write", state=State.FAILED)


def draft_safely(delivery: Delivery, edition: Edition | None, post: Dispatcher) -> Draft:
    """The draft of a delivery, whatever it is. Our own faults are its failure, and hold up no other."""
    try:
        return _draft(delivery, edition, post)
    except Exception as error:
        # By name alone: what an error says may hold an address or a topic.
        log.error("delivery.set_aside", delivery=delivery.id, why=type(error).__name__, at=_place(error))
        reason = f"could not be written: {type(error).__name__} at {_place(error)}"
        if isinstance(error, MemoryError):
            # Perhaps the machine's, and then everybody's: later, and if it is this one's own, given up in the end.
            return Draft(delivery, reason=reason, state=State.DEFERRED)
        return Draft(delivery, reason=SET_ASIDE + reason, state=State.FAILED)


def _place(error: Exception) -> str:
    """Where an error came from, as `file:line`."""
    step = error.__traceback__
    while step and step.tb_next:
        step = step.tb_next
    return f"{step.tb_frame.f_code.co_filename.rpartition('/')[2]}:{step.tb_lineno}" if step else "nowhere"


def _draft(delivery: Delivery, edition: Edition | None, post: Dispatcher) -> Draft:
    status = delivery.reader.status
    if status not in RULES[delivery.kind].statuses:
        return Draft(delivery, reason=f"reader is {status}")
    if delivery.kind is Kind.DIGEST:
        return _digest(delivery, edition, post) if edition else _unread(delivery)
    if delivery.kind is Kind.MOVE and not addresses.waits(delivery):
        return Draft(delivery, reason="the reader wants another address")
    if delivery.kind is Kind.CONFIRM and not delivery.requested:
        return Draft(delivery, reason="the request is over")
    mine = delivery.mine if delivery.kind is Kind.MANAGE else None
    return Draft(delivery, post.composer.letter(delivery), beside=Beside(called=delivery.called, mine=mine))


def _unread(delivery: Delivery) -> Draft:
    return Draft(delivery, reason=f"{SET_ASIDE}its edition cannot be read", state=State.FAILED)


def _digest(delivery: Delivery, edition: Edition, post: Dispatcher) -> Draft:
    if delivery.beside.quiet:
        return _note(delivery, delivery.beside.quiet, post)
    if not delivery.written and (muted := _muted(delivery)):
        note = Quiet(muted=muted)
        return _note(delivery, note, post) if _is_late(delivery, edition) else Draft(delivery, reason=MUTED)
    selection, listed = _selection(delivery, edition, post), len(edition.papers)
    if selection.picks:
        chosen_ids = tuple(pick.paper.id for pick in selection.picks)
        mail = post.composer.digest(delivery, selection, listed=listed, days=edition.days, first=edition.first)
        return Draft(delivery, mail, chosen_ids, _said(delivery, selection, edition))
    if delivery.written or _is_late(delivery, edition):
        return _note(delivery, edition.quiet(), post)
    return Draft(delivery, reason="nothing matched" if listed else "nothing was listed")


def _muted(delivery: Delivery) -> tuple[Mute, ...]:
    """List what rests, where it leaves a reader nothing to follow; of those who muted nothing no zone is asked for."""
    chosen = delivery.reader.preferences
    return leaving_nothing(chosen, chosen.today(delivery.due_at)) if chosen.muted else ()


def _said(delivery: Delivery, selection: Selection, edition: Edition) -> Beside:
    """Gather what else a digest says: sent again, it says the same, whatever was sent, renamed or voted since."""
    if delivery.written:
        return delivery.beside
    return selection.beside(first=edition.first, called=delivery.called)


def _is_late(delivery: Delivery, edition: Edition) -> bool:
    return bool(edition.last_heard and delivery.due_at - edition.last_heard >= QUIET_FOR)


def _note(delivery: Delivery, quiet: Quiet, post: Dispatcher) -> Draft:
    beside = replace(delivery.beside, quiet=quiet, called=delivery.called)
    return Draft(delivery, post.composer.quiet(delivery, quiet), beside=beside)


def _selection(delivery: Delivery, edition: Edition, post: Dispatcher) -> Selection:
    if delivery.written:
        # Tried before, and perhaps arrived: the same papers again, whatever has been listed since.
        chosen, _ = chosen_again(delivery, edition)
        return Selection(tuple(chosen), delivery.beside.more, related_again(delivery, edition))
    chosen_by = delivery.preferences
    profile, most = parse(chosen_by.topics), chosen_by.most_papers
    related = MOST_RELATED if chosen_by.related else 0
    return post.select(
        edition.matcher,
        profile,
        limit=most,
        seen=edition.seen,
        order=chosen_by.order,
        related=related,
        votes=edition.votes,
    )
