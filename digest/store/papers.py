"""Questions about papers and the listings that brought them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, exists, func, select, true

from digest.domain import CollectionRun, Listing, Paper, Window
from digest.logs import get_logger
from digest.store import arrivals, search
from digest.store.catalogue import bare, figures, paper_of, whole
from digest.store.collections import record
from digest.store.engine import reading, writing
from digest.store.readable import dated, readable
from digest.store.tables import listings, papers

log = get_logger()

# A source silent for longer than this does not hold back where "the latest listed day" begins.
SILENT_AFTER = timedelta(days=7)
MOST_REFUSALS_SAID = 5


class Kept(NamedTuple):
    """How many listings were new, and the collection as it is stored: with what the database refused, in its note."""

    new: int
    collection: CollectionRun


def keep(engine: Engine, found: Sequence[Listing], collection: CollectionRun, *, backfill: bool = False) -> Kept:
    """Store what a collection found, and the collection itself, in one transaction.

    A paper known already is completed and refreshed, never emptied: a poorer answer (a card has no abstract)
    leaves what is stored. By who only borrowed it, it is completed alone. With `backfill`, days older than the newest
    stored one go to the archive.
    """
    with writing(engine) as connection:
        archived = backfill and _has_newer(connection, collection.source, collection.day)
        before = _count(connection, collection)
        refused = arrivals.keep(connection, found, collection.collected_at, archived=archived)
        if refused:
            note = "; ".join(filter(None, [*refused[:MOST_REFUSALS_SAID], collection.note]))
            collection = replace(collection, papers=collection.papers - len(refused), note=note)
        search.keep(connection, {listing.paper.id for listing in found})
        record(connection, collection)
        return Kept(_count(connection, collection) - before, collection)


def _has_newer(connection: Connection, source: str, day: date) -> bool:
    newer = exists().where(listings.c.source == source, listings.c.day > day)
    return bool(connection.execute(select(newer)).scalar())


def _count(connection: Connection, collection: CollectionRun) -> int:
    of_the_day = (listings.c.source == collection.source) & (listings.c.day == collection.day)
    return connection.execute(select(func.count()).where(of_the_day)).scalar_one()


def latest_day(connection: Connection) -> date | None:
    """The latest listed day that may reach a digest; the earliest of the sources' own, where several are at work."""
    newest = select(func.max(listings.c.day)).where(~listings.c.archived)
    [[last]] = dated(connection, newest, listings.c.day)
    if last is None:
        return None
    # Of the newest days alone: whoever asked all of them would read every listing there is.
    at_work = newest.where(listings.c.day >= last - SILENT_AFTER).group_by(listings.c.source)
    days: list[date] = [day for (day,) in dated(connection, at_work, listings.c.day)]
    return min(days)


def back_from(connection: Connection, latest: date, days: int) -> date:
    """The earliest of so many listed days up to the latest: how far a digest of several days reaches back."""
    newest = select(listings.c.day).where(~listings.c.archived, listings.c.day <= latest).distinct()
    found = dated(connection, newest.order_by(listings.c.day.desc()).limit(days), listings.c.day)
    return min((day for (day,) in found), default=latest)


def in_window(engine: Engine, window: Window) -> list[Paper]:
    """The papers a digest for this window chooses from, by id."""
    fits = and_(
        listings.c.first_seen_at >= window.start,
        listings.c.first_seen_at < window.end,
        listings.c.day >= window.since,
        ~listings.c.archived,
    )
    return _read(engine, select(listings.c.paper_id).where(fits))


def relisted(engine: Engine, window: Window) -> set[str]:
    """The papers of this window that some source had listed before it: only these can have been sent already."""
    before = select(listings.c.paper_id).where(listings.c.first_seen_at < window.start)
    within = listings.c.first_seen_at.between(window.start, window.end)
    with reading(engine) as connection:
        return set(
            connection.execute(select(listings.c.paper_id).where(within, listings.c.paper_id.in_(before))).scalars()
        )


def first_seen(engine: Engine, ids: Collection[str]) -> datetime | None:
    """When any of these papers was listed first, archive or not."""
    with reading(engine) as connection:
        question = select(func.min(listings.c.first_seen_at)).where(listings.c.paper_id.in_(ids))
        first: datetime | None = connection.execute(question).scalar_one()
        return first


def listed(engine: Engine, since: date, until: date, source: str | None = None) -> list[Paper]:
    """The papers listed on any day from `since` to `until`, both included, by id; back-filled days too."""
    fits = listings.c.day.between(since, until) & (listings.c.source == source if source else True)
    return _read(engine, select(listings.c.paper_id).where(fits))


def listings_on(engine: Engine, day: date) -> list[Listing]:
    """What the sources listed on a day, in their order."""
    question = (
        select(*papers.columns, listings.c.source, listings.c.rank, listings.c.upvotes, listings.c.comments)
        .join(listings, listings.c.paper_id == papers.c.id)
        .where(listings.c.day == day)
        .order_by(listings.c.source, listings.c.rank, papers.c.id)
    )

    def read(which: ColumnElement[bool]) -> list[Listing]:
        rows = connection.execute(question.where(which)).mappings()
        return [Listing(row["source"], day, row["rank"], bare(row), *figures(row)) for row in rows]

    with reading(engine) as connection:
        found, unreadable = readable(
            lambda: read(true()),
            lambda: connection.execute(question.with_only_columns(listings.c.source, papers.c.id)).all(),
            lambda key: read((listings.c.source == key[0]) & (papers.c.id == key[1])),
        )
    for key, why in unreadable.items():
        log.error("paper.set_aside", paper=key[1], why=why)
    return found


def listed_days(engine: Engine, until: date, most: int | None = None) -> list[date]:
    """The last days, at most so many, with listings up to `until`, newest first; back-filled days too."""
    question = select(listings.c.day).where(listings.c.day <= until).distinct().order_by(listings.c.day.desc())
    with reading(engine) as connection:
        return [day for (day,) in dated(connection, question.limit(most), listings.c.day)]


def days(engine: Engine, most: int | None = None) -> dict[date, int]:
    """The days with listings, at most so many, and how many papers each has, newest first."""
    counted = func.count(listings.c.paper_id.distinct())
    question = select(listings.c.day, counted).group_by(listings.c.day).order_by(listings.c.day.desc())
    with reading(engine) as connection:
        return dict(dated(connection, question.limit(most), listings.c.day))


def newest_listed(engine: Engine) -> date | None:
    """The newest day any source listed, archive or not."""
    with reading(engine) as connection:
        newest: date | None = dated(connection, select(func.max(listings.c.day)), listings.c.day)[0][0]
        return newest


def _read(engine: Engine, chosen: Select[Any]) -> list[Paper]:
    with reading(engine) as connection:
        found, unreadable = readable(
            lambda: _papers(connection, listings.c.paper_id.in_(chosen)),
            lambda: connection.execute(chosen.distinct()).scalars().all(),
            lambda id: _papers(connection, listings.c.paper_id == id),
        )
    for id, why in unreadable.items():
        log.error("paper.set_aside", paper=id, why=why)
    return found


def _papers(connection: Connection, which: ColumnElement[bool]) -> list[Paper]:
    return [paper_of(row) for row in connection.execute(whole(which)).mappings()]
