"""Questions about papers as all their listings know them: most upvotes and comments, sources, latest day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Select, Text, func, select

from digest.domain import Paper
from digest.logs import get_logger
from digest.store.engine import reading
from digest.store.readable import readable
from digest.store.tables import listings, papers

log = get_logger()

PAPER_FIELDS = tuple(column.name for column in papers.columns)
TEXTS = tuple(column.name for column in papers.columns if type(column.type) is Text)
# Ids in one question; SQLite takes 999 in its oldest builds.
MOST_BOUND = 500


def find(engine: Engine, paper_id: str) -> Paper | None:
    return next(iter(by_ids(engine, [paper_id])), None)


def by_ids(engine: Engine, ids: Sequence[str]) -> list[Paper]:
    """The papers of these ids that are listed anywhere, in this order."""
    with reading(engine) as connection:
        found = {paper.id: paper for paper in read_in(connection, ids)}
    return [found[paper_id] for paper_id in ids if paper_id in found]


def liked(engine: Engine, since: date, until: date, *, first: int = 0, most: int) -> list[Paper]:
    """The papers listed on any day from `since` to `until`, the most upvoted first, at most so many."""
    votes = func.max(listings.c.upvotes)
    question = (
        select(listings.c.paper_id)
        .where(listings.c.day.between(since, until))
        .group_by(listings.c.paper_id)
        .order_by(votes.desc(), func.min(listings.c.rank), listings.c.paper_id)
        .offset(first)
        .limit(most)
    )
    with reading(engine) as connection:
        ids = list(connection.execute(question).scalars())
    return by_ids(engine, ids)


def days_of(engine: Engine, paper_id: str) -> list[tuple[str, date]]:
    """The sources and days that listed a paper, the latest first."""
    question = select(listings.c.source, listings.c.day).where(listings.c.paper_id == paper_id)
    with reading(engine) as connection:
        rows = connection.execute(question.order_by(listings.c.day.desc(), listings.c.source))
        return [(source, day) for source, day in rows]


def newest(engine: Engine, most: int) -> list[tuple[str, date]]:
    """The ids of the papers, at most so many, each with its latest day, newest first."""
    day = func.max(listings.c.day)
    question = select(listings.c.paper_id, day).group_by(listings.c.paper_id).order_by(day.desc(), listings.c.paper_id)
    with reading(engine) as connection:
        return [(paper_id, latest) for paper_id, latest in connection.execute(question.limit(most))]


def read_in(connection: Connection, ids: Collection[str]) -> list[Paper]:
    """The papers of these ids, by id, inside a transaction."""
    found: list[Paper] = []
    for some in _batched(sorted(ids), MOST_BOUND):
        found += _read(connection, some)
    return found


def _read(connection: Connection, ids: Sequence[str]) -> list[Paper]:
    """The papers of these ids, but for those that cannot be read: they hide no other."""

    def read(*some: str) -> list[Paper]:
        return [paper_of(row) for row in connection.execute(whole(listings.c.paper_id.in_(some))).mappings()]

    found, unreadable = readable(lambda: read(*ids), lambda: ids, read)
    for paper_id, why in unreadable.items():
        log.error("paper.set_aside", paper=paper_id, why=why)
    return found


def whole(chosen: ColumnElement[bool]) -> Select[Any]:
    """Papers with what all their listings say: most upvotes and comments, sources, latest day."""
    known = (
        select(
            listings.c.paper_id,
            func.max(listings.c.upvotes).label("upvotes"),
            func.max(listings.c.comments).label("comments"),
            func.max(listings.c.day).label("listed_on"),
            func.aggregate_strings(listings.c.source, ",").label("sources"),
        )
        .where(chosen)
        .group_by(listings.c.paper_id)
        .subquery()
    )
    return select(*papers.columns, *known.columns).join(known, known.c.paper_id == papers.c.id).order_by(papers.c.id)


def bare(row: RowMapping) -> Paper:
    """The paper alone. Raises TypeError where SQLite holds something else in a column of text."""
    "".join(row[name] for name in TEXTS)
    return Paper(**{name: row[name] for name in PAPER_FIELDS})


def figures(row: RowMapping) -> tuple[int, int]:
    """Upvotes and comments. Raises TypeError where they are no numbers."""
    upvotes, comments = row["upvotes"], row["comments"]
    if not isinstance(upvotes, int) or not isinstance(comments, int):
        raise TypeError("a count that is none")
    return upvotes, comments


def paper_of(row: RowMapping) -> Paper:
    sources = tuple(sorted(set(row["sources"].split(","))))
    upvotes, comments = figures(row)
    return replace(bare(row), upvotes=upvotes, comments=comments, listed_on=row["listed_on"], sources=sources)


def _batched(ids: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), most):
        yield ids[start : start + most]
