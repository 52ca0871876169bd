"""What is wrong just now, by the measures of `deploy/alerts.yml`: each told once until it clears.

For operators without Prometheus. What nobody could be told of is told at the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from sqlalchemy import Engine

from digest.domain import Breaker
from digest.jobs import alerts as tellings
from digest.jobs.delivery import Dispatcher
from digest.jobs.routing import LONGEST_RELAY_REST, RELAY_REST
from digest.logs import get_logger
from digest.store import accounts, alerts, breakers, collections, day_counts, folding, gauges, space

log = get_logger()
STANDING = alerts.STANDING

OVERDUE = timedelta(minutes=30)
CIRCUIT_OPEN = timedelta(minutes=10)
STALE = timedelta(days=4)  # a weekend and a holiday bring nothing
MOST_UNREAD = 500  # as many as one look takes in
LEAST_FREE = 0.05
# Shares of the mails that went, and of how many at least: one bad address on a quiet day wakes nobody.
FAILED, BOUNCED, OF_AT_LEAST = 0.05, 0.02, 100
COMPLAINED, COMPLAINTS_OF_AT_LEAST = 0.001, 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """How the service does at one moment; the counts are of today and yesterday (UTC).

    Of what was sent, as many as show that none of the others is too much: all of it, where one is.
    """

    oldest_due: datetime | None
    breakers: Mapping[str, Breaker]
    last_good: Mapping[str, datetime]
    unread: float
    disk_free: float
    sent: int = 0
    failed: int = 0
    bounced: int = 0
    complained: int = 0
    # Of the last night's retention: how many steps failed, and how many readers were passed over.
    unkept: float = 0
    unfolded: int = 0
    # Messages whose flags their server does not keep.
    unkept_flags: float = 0


def tell(
    engine: Engine, post: Dispatcher, operator: str, database_url: str, notify: Callable[[Sequence[str]], bool] | None
) -> bool:
    """Tell the operator what is newly wrong, and forget what is no more; return whether all is well."""
    now = post.clock()
    wrong = dict(causes(gather(engine, database_url, now), now))
    stood = alerts.standing(engine, STANDING)
    if cleared := stood - wrong.keys():
        alerts.release(engine, [(cause, STANDING) for cause in cleared])
        log.info("alerts.cleared", causes=len(cleared))
    tellings.tell_of(engine, post, operator, {(cause, STANDING): line for cause, line in wrong.items()}, notify)
    return not wrong


def gather(engine: Engine, database_url: str, now: datetime) -> Figures:
    yesterday = now.astimezone(UTC).date() - timedelta(days=1)
    returned = day_counts.totals(engine, day_counts.RETURNED, since=yesterday)
    bounced, complained = _of_kind(returned, "hard", "soft"), _of_kind(returned, "complaint")
    failed, measured = accounts.failed(engine, now - timedelta(days=1)), gauges.known(engine)
    return Figures(
        oldest_due=day_counts.oldest_due(engine, now),
        breakers=breakers.known(engine),
        last_good=collections.last_good(engine),
        unread=measured.get(gauges.MAILBOX_UNREAD, 0),
        disk_free=space.disk_free(database_url),
        sent=accounts.went(engine, now - timedelta(days=1), _enough(failed, bounced, complained)),
        failed=failed,
        bounced=bounced,
        complained=complained,
        unkept_flags=measured.get(gauges.MAILBOX_UNKEPT, 0),
        unkept=measured.get(gauges.UNKEPT, 0),
        unfolded=len(folding.passed_over(engine)),
    )


def _enough(failed: int, bounced: int, complained: int) -> int:
    """Of so many mails that went, none of these is too much: who counts them all reads a million rows each time."""
    return ceil(max(failed / FAILED, bounced / BOUNCED, complained / COMPLAINED)) + 1


def _of_kind(returned: Mapping[tuple[str, str], int], *kinds: str) -> int:
    return sum(count for (kind, _), count in returned.items() if kind in kinds)


def causes(now_is: Figures, now: datetime) -> Iterator[tuple[str, str]]:
    """Say what is wrong, by cause: a line each, with what to look at first."""
    if now_is.oldest_due and now - now_is.oldest_due > OVERDUE:
        waits = (now - now_is.oldest_due) // timedelta(minutes=1)
        yield "mails are overdue", f"A mail has been due for {waits} minutes and is not sent: see `digest doctor`."
    for name, breaker in now_is.breakers.items():
        if name.startswith("relay ") and _is_open(breaker, now) and now - _since(breaker) > CIRCUIT_OPEN:
            yield f"{name} is away", f"Nothing goes out by the {name}: {breaker.reason}"
    for source, good in now_is.last_good.items():
        if now - good > STALE:
            yield f"{source} is stale", f"Nothing usable was collected from {source} since {good:%Y-%m-%d}."
    if now_is.unread > MOST_UNREAD:
        yield "the mailbox is unread", f"{now_is.unread:.0f} returned mails are not read yet: see `digest doctor`."
    if now_is.disk_free < LEAST_FREE:
        yield "the disk is full", f"Only {now_is.disk_free:.1%} of the disk is free."
    if now_is.unkept_flags:
        yield (
            "the mailbox keeps no flags",
            f"Its server says OK and keeps no flags: {now_is.unkept_flags:.0f} messages were taken in, each once, and "
            "wait there still. Delete them, or give the mailbox to a server that keeps flags.",
        )
    if now_is.unkept or now_is.unfolded:
        yield (
            "old mails stay",
            f"What is too old did not all go last night: {now_is.unkept:.0f} steps failed, {now_is.unfolded} readers "
            "were passed over. `digest stats` names them; the log says why (retention.failed, retention.set_aside).",
        )
    yield from _rates(now_is)


def _rates(now_is: Figures) -> Iterator[tuple[str, str]]:
    tried = now_is.sent + now_is.failed
    if tried >= OF_AT_LEAST and now_is.failed > FAILED * tried:
        yield (
            "mails fail",
            f"{now_is.failed} of {tried} digests failed since yesterday: see `digest stats`.",
        )
    if now_is.sent >= OF_AT_LEAST and now_is.bounced > BOUNCED * now_is.sent:
        yield (
            "mails come back",
            f"{now_is.bounced} of {now_is.sent} mails came back since yesterday: see `digest stats`.",
        )
    if now_is.sent >= COMPLAINTS_OF_AT_LEAST and now_is.complained > COMPLAINED * now_is.sent:
        found = f"{now_is.complained} of {now_is.sent} mails were marked as spam since yesterday"
        yield "readers complain", f"{found}: where do the newest readers come from?"


def _is_open(breaker: Breaker, now: datetime) -> bool:
    """Whether it rests, or is only tried; one that nobody tried for long says nothing."""
    return now - breaker.until < LONGEST_RELAY_REST


def _since(breaker: Breaker) -> datetime:
    """Since when a relay is away at the least: it rests twice as long each time."""
    rests = (min(RELAY_REST * (1 << min(times, 16)), LONGEST_RELAY_REST) for times in range(breaker.failures))
    return breaker.until - sum(rests, timedelta())
