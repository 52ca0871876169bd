"""Look at a source's day: fetch it, judge it, store it. A doubtful answer is kept apart, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import httpx
from sqlalchemy import Engine

from digest.domain import CollectionRun, Outcome
from digest.logs import get_logger
from digest.sources import Source, fetch, freshness
from digest.store import collections, papers
from digest.text import plain

log = get_logger()
# As far back as a judgement looks: what the last weeks' same weekday had.
HISTORY = timedelta(days=60)
# A page of broken records has a lot to say, always the same.
LONGEST_NOTE = 1_000


@dataclass(frozen=True, slots=True)
class Site:
    """A source, and where it is asked."""

    source: Source
    base_url: str


@dataclass(frozen=True, slots=True)
class Collected:
    """What one look at one day brought: the collection, and how many of its listings were new."""

    collection: CollectionRun
    new: int


def days(engine: Engine, site: Site, now: datetime) -> list[date]:
    """The days of a source worth a look now; none while it is to be left alone."""
    past = collections.history(engine, site.source.name, (now - HISTORY).date())
    rests_until = freshness.rests_until(past)
    if rests_until and now < rests_until:
        log.info("collection.rests", source=site.source.name, until=str(rests_until))
        return []
    return freshness.days_to_look_at(site.source, past, now)


def collect_all(
    engine: Engine, sites: Iterable[Site], client: httpx.Client, clock: Callable[[], datetime]
) -> list[CollectionRun]:
    """Look at every day of every source that is worth a look, and return how each look went. Raises nothing.

    What one source or one day does is not the others' loss, nor that of the operator, who is told afterwards.
    """
    return [run for site in sites for run in _collect_site(engine, site, client, clock)]


def _collect_site(
    engine: Engine, site: Site, client: httpx.Client, clock: Callable[[], datetime]
) -> Iterator[CollectionRun]:
    try:
        worth_a_look = days(engine, site, clock())
    except Exception as error:
        yield _fell_over(site, clock().date(), error, clock())
        return
    for day in worth_a_look:
        try:
            yield collect(engine, site, day, client, clock).collection
        except Exception as error:
            yield _fell_over(site, day, error, clock())


def collect(
    engine: Engine,
    site: Site,
    day: date,
    client: httpx.Client,
    clock: Callable[[], datetime],
    *,
    backfill: bool = False,
) -> Collected:
    """Fetch one day and store what it lists. What went wrong is in the collection that comes back, and in the log."""
    result, seconds = fetch.collect(site.source, day, base_url=site.base_url, client=client)
    past = collections.history(engine, site.source.name, day - HISTORY)
    outcome, note = freshness.judge(len(result.listings), result.problem, day, past, site.source, clock())
    if outcome is Outcome.OK and result.doubt:
        outcome, note = Outcome.SUSPICIOUS, result.doubt
    # A problem names the steps that led to it.
    notes = [note, *(() if result.problem else result.notes), *result.dropped]
    found = CollectionRun(
        site.source.name, day, result.step, len(result.listings), seconds, outcome, _joined(notes), clock()
    )
    kept = papers.keep(engine, result.listings, found, backfill=backfill)
    if outcome is not Outcome.OK:
        log.warning("collection.doubted", source=site.source.name, day=str(day), outcome=outcome, note=note)
    return Collected(kept.collection, kept.new)


def _fell_over(site: Site, day: date, error: Exception, now: datetime) -> CollectionRun:
    """Record that a collection failed: in the log, and for those who read the runs, for it may not have been stored."""
    log.error("collection.failed", source=site.source.name, day=str(day), error=type(error).__name__, exc_info=error)
    note = _joined([f"{type(error).__name__}: {error}"])
    return CollectionRun(site.source.name, day, "", 0, 0.0, Outcome.FAILED, note, now)


def _joined(notes: Iterable[str]) -> str:
    return plain("; ".join(filter(None, notes)))[:LONGEST_NOTE]
