"""Candidates for a search in PostgreSQL. Its text search opens each paper it looks at, so it is shown not too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from digest.store.expressions import Expression, vector_text
from digest.store.tables import searched
from digest.store.wanted import LIKED, MOST_COUNTED, NEWEST, Order, Place, Places, Wanted, narrowed

# For title, keywords, abstract and facts, from the least.
WEIGHTS: ColumnElement[Any] = literal_column("CAST('{0.1, 0.1, 0.5, 1.0}' AS real[])")
VECTOR: ColumnElement[str] = literal_column("searched.text_vector")
# Opening a paper takes some 15 microseconds, and ranking it a multiple. What is found in more papers than MOST_GATHERED
# is common enough to be met soon along an index of what orders them.
MOST_GATHERED = 2_000
# Of the papers found, so many are ranked together: first the most upvoted, then the next.
POOL = 600

FACTS = (searched.c.paper_id, searched.c.upvotes, searched.c.listed_on, searched.c.number)
Found = Sequence[Row[Any]]


def places(connection: Connection, wanted: Wanted, first: int, most: int) -> Places:
    """The papers from the `first` place on, at most so many, in the order wanted."""
    if wanted.expression is None:
        return _counted(_places(_walked(connection, wanted, first, most)), first, most)
    gathered = _gathered(connection, wanted)
    about = min(len(gathered), MOST_COUNTED)
    ranked = wanted.order is Order.FIT
    begin, size = (first // POOL * POOL, POOL) if ranked else (first, most)
    if len(gathered) <= MOST_GATHERED:
        pool: Found = sorted(gathered, key=KEYS[wanted.order], reverse=True)[begin : begin + size]
    else:
        pool = _walked(connection, wanted, begin, size)
    if not ranked:
        return _places(pool), about
    fits = _fits(connection, wanted.expression, pool)
    # Sorting keeps the order of those that fit as well.
    best = sorted(pool, key=lambda row: -fits.get(row.number, 0.0))[first - begin : first - begin + most]
    return _places(best, fits), about


def _gathered(connection: Connection, wanted: Wanted) -> Found:
    """What the index finds, in no order, up to one more than MOST_GATHERED.

    A phrase whose words are common but stand nowhere together is common to the planner, which would open every paper.
    """
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    found = connection.execute(_found(wanted).limit(MOST_GATHERED + 1)).all()
    connection.execute(text("SET LOCAL enable_seqscan = on"))
    return found


def _walked(connection: Connection, wanted: Wanted, first: int, most: int) -> Found:
    order = NEWEST if wanted.order is Order.NEWEST or wanted.expression is None else LIKED
    if wanted.order is Order.UPVOTES:
        order = LIKED
    return connection.execute(_found(wanted).order_by(*order).offset(first).limit(most)).all()


def _fits(connection: Connection, expression: Expression, pool: Found) -> Mapping[int, float]:
    rank = func.ts_rank(WEIGHTS, VECTOR, _tsquery(expression))
    numbers = [row.number for row in pool]
    ranked = connection.execute(select(searched.c.number, rank).where(searched.c.number.in_(numbers)))
    return {number: float(fit) for number, fit in ranked}


def _found(wanted: Wanted) -> Select[Any]:
    question = narrowed(select(*FACTS), wanted)
    return question.where(VECTOR.op("@@")(_tsquery(wanted.expression))) if wanted.expression else question


def _tsquery(expression: Expression) -> ColumnElement[str]:
    return cast(literal(vector_text(expression)), TSQUERY)


def _liked(row: Row[Any]) -> tuple[Any, ...]:
    return row.upvotes, row.number


def _newest(row: Row[Any]) -> tuple[Any, ...]:
    return row.listed_on, row.upvotes, row.number


KEYS: Mapping[Order, Callable[[Row[Any]], tuple[Any, ...]]] = {
    Order.FIT: _liked,
    Order.UPVOTES: _liked,
    Order.NEWEST: _newest,
}


def _places(rows: Found, fits: Mapping[int, float] | None = None) -> list[Place]:
    known = fits or {}
    return [Place(row.paper_id, known.get(row.number, 0.0), row.upvotes) for row in rows]


def _counted(found: list[Place], first: int, most: int) -> Places:
    """Of all papers there are, nobody counts more than a page at a time."""
    return found, MOST_COUNTED if len(found) == most else min(first + len(found), MOST_COUNTED)
