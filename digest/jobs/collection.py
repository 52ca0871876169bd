"""Look at a source's day: fetch it, judge it, store it. A doubtful answer is kept apart, and looked at again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import httpx
from sqlalchemy import Engine

from digest.domain import CollectionRun, Outcome
from digest.logs import get_logger
from digest.sources import Source, fetch, freshness
from digest.store import collections, papers

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
    """The days of a source worth a look now."""
    past = collections.history(engine, site.source.name, (now - HISTORY).date())
    return freshness.days_to_look_at(site.source, past, now)


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
    notes = "; ".join(part for part in (note, *result.notes, *result.dropped) if part)[:LONGEST_NOTE]
    found = CollectionRun(site.source.name, day, result.step, len(result.listings), seconds, outcome, notes, clock())
    if outcome is not Outcome.OK:
        log.warning("collection.doubted", source=site.source.name, day=str(day), outcome=outcome, note=note)
    return Collected(found, papers.keep(engine, result.listings, found, backfill=backfill))
