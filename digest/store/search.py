"""Questions about all stored papers by their words: which may match a query. The matcher has the last word.

A query becomes an expression over stems that finds every paper it matches and some more. The same expression is
written for SQLite's FTS5 and for PostgreSQL's text search.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from digest.domain import Paper
from digest.store import catalogue
from digest.store.engine import insert_into, reading, writing
from digest.store.expressions import Expression, sqlite_text, vector_text
from digest.store.tables import listings, papers, searched
from digest.store.terms import texts_of

# How many papers are made searchable in one transaction, when some are not yet.
PAGE = 500
# BM25 of the title, the keywords, the abstract and the facts; for PostgreSQL from the least.
SQLITE_WEIGHTS = "4.0, 3.0, 1.0, 1.0"
# Beyond that, nobody counts.
MOST_COUNTED = 1_000
FULL_TEXT = table("searched_text", column("rowid"))
VECTOR: ColumnElement[str] = literal_column("searched.text_vector")
POSTGRESQL_WEIGHTS = "{0.1, 0.1, 0.5, 1.0}"


class Order(StrEnum):
    """Which of the matching papers come first."""

    FIT = "fit"
    NEWEST = "newest"
    UPVOTES = "upvotes"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Papers to look for: by an expression over their words, if any, listed from one day to another."""

    expression: Expression | None = None
    since: date | None = None
    until: date | None = None
    order: Order = Order.FIT
    least_upvotes: int = 0


def candidates(engine: Engine, wanted: Wanted, *, first: int, most: int) -> list[Paper]:
    """The papers from the `first` place on, at most so many, in the order wanted."""
    if engine.dialect.name == "sqlite" and wanted.expression and wanted == Wanted(wanted.expression):
        question = _best(wanted.expression, first, most)
    else:
        question = _ordered(engine, wanted, select(searched.c.paper_id)).offset(first).limit(most)
    with reading(engine) as connection:
        ids = list(connection.execute(question).scalars())
    return catalogue.by_ids(engine, ids)


def count(engine: Engine, wanted: Wanted) -> int:
    """How many papers there are to look through, at least as many as match; counted no further than to MOST_COUNTED."""
    found = _found(engine, wanted, select(searched.c.number)).limit(MOST_COUNTED).subquery()
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def _best(expression: Expression, first: int, most: int) -> Select[Any]:
    """The papers that fit best, ordered by FTS5 itself, so that only those asked for are looked up."""
    rank: ColumnElement[float] = literal_column("rank")
    best = (
        select(FULL_TEXT.c.rowid, rank.label("fit"))
        .where(_matches(expression), rank.op("MATCH")(f"bm25({SQLITE_WEIGHTS})"))
        .order_by(rank)
        .offset(first)
        .limit(most)
        .subquery()
    )
    return select(searched.c.paper_id).join(best, best.c.rowid == searched.c.number).order_by(best.c.fit)


def _matches(expression: Expression) -> ColumnElement[bool]:
    return literal_column("searched_text").op("MATCH", is_comparison=True)(sqlite_text(expression))


def _ordered(engine: Engine, wanted: Wanted, question: Select[Any]) -> Select[Any]:
    question = _found(engine, wanted, question)
    newest = (searched.c.listed_on.desc(), searched.c.upvotes.desc(), searched.c.number.desc())
    if wanted.order is Order.UPVOTES:
        return question.order_by(searched.c.upvotes.desc(), searched.c.number.desc())
    if wanted.order is Order.NEWEST or wanted.expression is None:
        return question.order_by(*newest)
    if engine.dialect.name == "sqlite":
        return question.order_by(literal_column(f"bm25(searched_text, {SQLITE_WEIGHTS})"), *newest)
    weights: ColumnElement[Any] = literal_column(f"CAST('{POSTGRESQL_WEIGHTS}' AS real[])")
    rank = func.ts_rank(weights, VECTOR, _tsquery(wanted.expression))
    return question.order_by(rank.desc(), *newest)


def _found(engine: Engine, wanted: Wanted, question: Select[Any]) -> Select[Any]:
    if wanted.least_upvotes:
        question = question.where(searched.c.upvotes >= wanted.least_upvotes)
    if wanted.since:
        question = question.where(searched.c.listed_on >= wanted.since)
    if wanted.until:
        question = question.where(searched.c.listed_on <= wanted.until)
    if wanted.expression is None:
        return question
    if engine.dialect.name == "sqlite":
        found = question.join(FULL_TEXT, FULL_TEXT.c.rowid == searched.c.number)
        return found.where(_matches(wanted.expression))
    return question.where(VECTOR.op("@@")(_tsquery(wanted.expression)))


def _tsquery(expression: Expression) -> ColumnElement[str]:
    return cast(literal(vector_text(expression)), TSQUERY)


def keep(connection: Connection, ids: Collection[str]) -> None:
    """Make papers searchable as they are now, with what their listings say."""
    for paper in catalogue.read_in(connection, ids):
        values = {**texts_of(paper), "listed_on": paper.listed_on, "upvotes": paper.upvotes}
        statement = insert_into(connection, searched).values(paper_id=paper.id, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["paper_id"], set_=values))


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
