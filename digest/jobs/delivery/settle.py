"""Last step: what became of each mail goes into the ledger, and what it says of others is heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from digest.domain import Delivery, Result, State
from digest.jobs import blame, returns
from digest.jobs.routing import RELAY_REST
from digest.jobs.throttling import Throttles
from digest.logs import get_logger
from digest.readers import schedule
from digest.store import outcomes

log = get_logger()

# What the next digest does not overtake is given up after this (RFC 5321 4.5.4.1: four to five days).
GIVE_UP_AFTER = timedelta(days=4)
# A relay that is busy for all is asked again soon: it is ours, and while it rests nothing goes anyway.
FIRST_OWN_RETRY = timedelta(minutes=2)

Tried = tuple[Delivery, Result]


def settle(
    engine: Engine, group: Mapping[int, Delivery], results: Sequence[Result], throttles: Throttles, now: datetime
) -> Counter[State]:
    """Write down what became of mails of a group; return how many ended how. Done twice, it is the same."""
    tried = [(group[result.delivery_id], result) for result in results]
    ends = [ending(delivery, result, now) for delivery, result in tried]
    states = outcomes.record(engine, [(one, *end) for (one, _), end in zip(tried, ends, strict=True)], now)
    throttles.hear(engine, tried, now)
    # Our quota, our account, our relay: nothing that a reader could help.
    _hear(engine, [(delivery, result) for delivery, result in tried if not blame.of(result)], now)
    return Counter(states)


def ending(delivery: Delivery, result: Result, now: datetime) -> tuple[Result, datetime]:
    """What the ledger says next, and when to try again."""
    ours = blame.of(result)
    if ours and result.state is State.FAILED:
        result = Result(delivery.id, State.DEFERRED, result.reason)
    match result.state:
        case State.QUEUED:
            return result, now + RELAY_REST
        case State.DEFERRED if now - delivery.due_at > GIVE_UP_AFTER:
            return Result(delivery.id, State.FAILED, f"given up: {result.reason}"), now
        case State.DEFERRED if ours:
            return result, now + min(FIRST_OWN_RETRY * (1 << min(delivery.attempts - 1, 8)), schedule.LONGEST_RETRY)
        case State.DEFERRED | State.UNCERTAIN:
            return result, schedule.next_attempt(delivery.id, delivery.attempts, now)
        case _:
            return result, now


def _hear(engine: Engine, tried: Sequence[Tried], now: datetime) -> None:
    """Act on what was replied. Words or a reader that this trips over are that mail's affair, and no other's."""
    try:
        returns.hear(engine, tried, now)
    except SQLAlchemyError:
        raise
    except Exception as error:
        if len(tried) > 1:
            for one in tried:
                _hear(engine, [one], now)
        elif tried:
            log.error("reply.set_aside", delivery=tried[0][0].id, why=type(error).__name__)
