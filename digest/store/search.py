"""Questions about all stored papers by their words: which may match a query. The matcher has the last word.

A query becomes an expression over stems that finds every paper it matches and some more. The same expression is
written for SQLite's FTS5 and for PostgreSQL's text search.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Engine, select

from digest.domain import Paper
from digest.store import catalogue, fts5, text_vector
from digest.store.engine import insert_into, reading, writing
from digest.store.tables import listings, papers, searched
from digest.store.terms import texts_of
from digest.store.wanted import Places, Wanted

# How many papers are made searchable in one transaction, when some are not yet.
PAGE = 500


def places(engine: Engine, wanted: Wanted, *, first: int, most: int) -> Places:
    """The papers that may match from the `first` place on, at most so many, in the order wanted.

    With them comes how many there are to look through, at least as many as match.
    """
    look = fts5.places if engine.dialect.name == "sqlite" else text_vector.places
    with reading(engine) as connection:
        return look(connection, wanted, first, most)


def candidates(engine: Engine, wanted: Wanted, *, first: int, most: int) -> list[Paper]:
    """The same as papers."""
    found, _ = places(engine, wanted, first=first, most=most)
    return catalogue.by_ids(engine, [place.paper_id for place in found])


def keep(connection: Connection, ids: Collection[str]) -> None:
    """Make papers searchable as they are now, with what their listings say."""
    rows = [
        {"paper_id": paper.id, **texts_of(paper), "listed_on": paper.listed_on, "upvotes": paper.upvotes}
        for paper in catalogue.read_in(connection, ids)
    ]
    if rows:
        statement = insert_into(connection, searched)
        values = {name: statement.excluded[name] for name in rows[0] if name != "paper_id"}
        connection.execute(statement.on_conflict_do_update(index_elements=["paper_id"], set_=values), rows)


def catch_up(engine: Engine) -> int:
    """Make those searchable that an older version stored; return how many there were."""
    count = 0
    while ids := _missing(engine):
        with writing(engine) as connection:
            keep(connection, ids)
        count += len(ids)
    return count


def _missing(engine: Engine) -> Sequence[str]:
    known = select(searched.c.paper_id)
    listed = select(listings.c.paper_id)
    question = select(papers.c.id).where(papers.c.id.not_in(known), papers.c.id.in_(listed)).limit(PAGE)
    with reading(engine) as connection:
        return connection.execute(question).scalars().all()
