"""Keep nothing longer than the settings say: every night, some of what is too old goes.

Whatever ends it in the middle, the next night goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine

from digest.jobs import giving_up
from digest.links import CONFIRM_WITHIN
from digest.logs import get_logger
from digest.readers import subscriptions
from digest.readers.subscriptions import ASKED_WITHIN
from digest.store import alerts, bounces, day_counts, folding, gauges, leavers, readers

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
    """Let go of what is too old, until the night is over."""
    now = clock()
    folding.forget_requests(engine, now - 2 * ASKED_WITHIN)
    gone = {
        "unconfirmed": readers.forget_pending(engine, now - CONFIRM_WITHIN),
        "bounces": bounces.forget(engine, now - giving_up.COUNTS_FOR),
        "alerts": alerts.forget(engine, (now - KEEP_ALERTS).date()),
        "addresses": _addresses(engine, now - terms.addresses, now),
        "left": _left(engine, now - terms.left, clock, now + A_NIGHT),
    }
    done = fold(engine, now - terms.deliveries, clock, now + A_NIGHT)
    log.info("retention.kept", folded=done, **gone)


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
        reached = folding.fold(engine, _midnight(sweep), reached, clock())
    if reached is None:
        gauges.measured(engine, gauges.FOLDED_UNTIL, sweep.toordinal(), clock())
        gauges.measured(engine, gauges.FOLDED_READER, 0, clock())
    return reached is None


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
    """Delete who has left that long ago; that they did is remembered without their address."""
    gone = 0
    while clock() < until and (page := leavers.left_before(engine, before)):
        for reader_id in page:
            subscriptions.delete(engine, reader_id, clock())
        gone += len(page)
    return gone


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
