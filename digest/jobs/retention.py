"""Keep nothing longer than the settings say: every night, some of what is too old goes.

Whatever ends it in the middle, the next night goes on where it was. What one step or one reader makes raise is that
one's fault: it is named, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine

from digest.jobs import giving_up
from digest.jobs.delivery.patience import AWAY
from digest.links import CONFIRM_WITHIN
from digest.logs import get_logger
from digest.readers import subscriptions
from digest.readers.subscriptions import ASKED_WITHIN
from digest.store import alerts, bounces, day_counts, folding, gauges, leavers, readers, taken

log = get_logger()
# A night's work on old mails and old readers. A task may take 25 minutes; what is left waits for the next night.
A_NIGHT = timedelta(minutes=10)
# Nobody asks when an alert was told that long ago.
KEEP_ALERTS = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long what is kept: the mails of readers, who has left, addresses that are not a reader's own."""

    deliveries: timedelta
    left: timedelta
    addresses: timedelta


def keep(engine: Engine, terms: Terms, clock: Callable[[], datetime]) -> None:
    """Let go of what is too old, until the night is over. Raises what the database raises when it is away."""
    now = clock()
    steps: dict[str, Callable[[], int]] = {
        "requests": lambda: folding.forget_requests(engine, now - 2 * ASKED_WITHIN),
        "unconfirmed": lambda: readers.forget_pending(engine, now - CONFIRM_WITHIN),
        "bounces": lambda: bounces.forget(engine, now - giving_up.COUNTS_FOR),
        "taken": lambda: taken.forget(engine, now - giving_up.COUNTS_FOR),
        "alerts": lambda: alerts.forget(engine, (now - KEEP_ALERTS).date()),
        "addresses": lambda: _addresses(engine, now - terms.addresses, now),
        "left": lambda: _left(engine, now - terms.left, clock, now + A_NIGHT),
        "folded": lambda: fold(engine, now - terms.deliveries, clock, now + A_NIGHT),
    }
    done = {name: count for name, step in steps.items() if (count := _attempted(name, step)) is not None}
    gauges.measured(engine, gauges.UNKEPT, len(steps) - len(done), clock())
    log.info("retention.kept", **done)


def _attempted(name: str, step: Callable[[], int]) -> int | None:
    try:
        return step()
    except Exception as error:
        # By name alone: what an error says may hold an address.
        log.error("retention.failed", step=name, why=type(error).__name__)
        return None


def fold(engine: Engine, before: datetime, clock: Callable[[], datetime], until: datetime) -> bool:
    """Fold the mails of all months that ended before then, reader by reader; return whether that is done.

    A sweep that is not ended in one night is, in the next ones, before a new month begins.
    """
    sweep = _sweep(engine, before)
    if sweep is None:
        return True
    reached: int | None = int(gauges.known(engine).get(gauges.FOLDED_READER, 0))
    gauges.measured(engine, gauges.FOLDING, sweep.toordinal(), clock())
    while reached is not None and clock() < until:
        reached = _page(engine, _midnight(sweep), reached, clock)
    if reached is None:
        gauges.measured(engine, gauges.FOLDED_UNTIL, sweep.toordinal(), clock())
        gauges.measured(engine, gauges.FOLDED_READER, 0, clock())
    return reached is None


def _page(engine: Engine, before: datetime, reached: int, clock: Callable[[], datetime]) -> int | None:
    """Fold the next readers; one by one where that fails, so that whose fault it is loses nobody else their turn."""
    try:
        return folding.fold(engine, before, reached, clock())
    except Exception as error:
        log.warning("retention.one_by_one", after=reached, why=type(error).__name__)
    last: int | None = reached
    for _ in range(folding.PAGE):
        last = last if last is None else _reader(engine, before, last, clock())
    return last


def _reader(engine: Engine, before: datetime, after: int, now: datetime) -> int | None:
    """Fold one reader's mails, or leave them. While the database is away, the latter raises."""
    try:
        return folding.fold(engine, before, after, now, most=1)
    except Exception as error:
        reader_id = folding.pass_over(engine, after, now)
        log.error("retention.set_aside", reader=reader_id, why=type(error).__name__)
        return reader_id


def _sweep(engine: Engine, before: datetime) -> date | None:
    """The first day that is not folded by the sweep in hand, or by a new one; None where nothing is to be done.

    Only what is counted for good may leave the ledger.
    """
    counted = day_counts.settled_until(engine)
    if counted is None:
        return None
    known = gauges.known(engine)
    done = known.get(gauges.FOLDED_UNTIL, 0)
    if known.get(gauges.FOLDING, 0) > done:
        return date.fromordinal(int(known[gauges.FOLDING]))
    sweep = min(before, counted).astimezone(UTC).date().replace(day=1)
    return sweep if sweep.toordinal() > done else None


def _addresses(engine: Engine, before: datetime, now: datetime) -> int:
    """Forget addresses that never agreed, and those that were left behind."""
    day = min(before, day_counts.settled_until(engine) or before).astimezone(UTC).date()
    since = int(gauges.known(engine).get(gauges.ADDRESSES_UNTIL, 1))
    # Some days over again: what was still open may be over by now.
    overlap = max(date.fromordinal(since) - date.min, timedelta(30)) - timedelta(30)
    gone = folding.forget_addresses(engine, _midnight(day), _midnight(date.min + overlap))
    leavers.forget_wishes(engine, before)
    gauges.measured(engine, gauges.ADDRESSES_UNTIL, day.toordinal(), now)
    return gone


def _left(engine: Engine, before: datetime, clock: Callable[[], datetime], until: datetime) -> int:
    """Delete who has left that long ago; that they did is remembered without their address.

    Who stays although they should go is passed over, and looked at again in the next night.
    """
    gone, last = 0, 0
    while clock() < until and (page := leavers.left_before(engine, before, last)):
        gone += sum(_deleted(engine, reader_id, clock()) for reader_id in page)
        last = page[-1]
    return gone


def _deleted(engine: Engine, reader_id: int, now: datetime) -> bool:
    try:
        subscriptions.delete(engine, reader_id, now)
    except AWAY:
        raise
    except Exception as error:
        log.error("retention.set_aside", reader=reader_id, why=type(error).__name__)
        return False
    return True


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
