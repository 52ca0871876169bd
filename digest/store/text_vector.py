"""Candidates for a search in PostgreSQL. Its text search opens each paper it looks at, so it is shown not too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
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

from digest.store.expressions import Expression, apart, vector_text
from digest.store.expressions import size as runs_of
from digest.store.tables import searched
from digest.store.wanted import MOST_COUNTED, Order, Place, Places, Wanted, narrowed

# For title, keywords, abstract and facts, from the least.
WEIGHTS: ColumnElement[Any] = literal_column("CAST('{0.1, 0.1, 0.5, 1.0}' AS real[])")
VECTOR: ColumnElement[str] = literal_column("searched.text_vector")
# Opening a paper takes some 5 to 15 microseconds, and ranking it a multiple. Of the papers found, so many are ranked
# together: first the most upvoted, then the next.
POOL = 400
# Which of two ways is less work? To gather what the index finds takes a look at each paper that matches; to walk along
# an index of what orders them, a look at each paper until so many match: that is less for what is very common alone.
# How common it is, the first papers on that way tell.
PROBED = 200
# To look for a run of terms in a paper takes a fifth of a microsecond, and as much in the index. Where many are asked
# for, it is estimated first whether that comes to too much work, in papers times runs: no further ones are looked at.
FEW_RUNS, MOST_WORK = 60, 1_000_000
# Up to so many times the papers for which both are alike are gathered, whatever these told.
MISJUDGED = 2

FACTS = (searched.c.paper_id, searched.c.upvotes, searched.c.listed_on, searched.c.number)
Found = Sequence[Row[Any]]


def places(connection: Connection, wanted: Wanted, first: int, most: int) -> Places:
    """The papers from the `first` place on, at most so many, in the order wanted."""
    if wanted.expression is None:
        return _counted(_places(_walked(connection, wanted, first, most)), first, most)
    ranked = wanted.order is Order.FIT
    begin, size = (first // POOL * POOL, POOL) if ranked else (first, most)
    pool, about = _found_by_index(connection, wanted, begin, size)
    if not ranked:
        return _places(pool), about
    fits = _fits(connection, wanted.expression, pool)
    # Sorting keeps the order of those that fit as well.
    best = sorted(pool, key=lambda row: -fits.get(row.number, 0.0))[first - begin : first - begin + most]
    return _places(best, fits), about


def _found_by_index(connection: Connection, wanted: Wanted, begin: int, size: int) -> tuple[Found, int]:
    """What is found from a place on, and how many there are in all, counted as far as anybody counts."""
    alike = sqrt((begin + size) * _stored(connection))
    most = max(MOST_COUNTED, int(MISJUDGED * alike))
    if begin < most and not _is_common(connection, wanted, alike):
        if _is_dear(connection, wanted):
            return _of_the_first(connection, wanted, begin, size), MOST_COUNTED
        found, count = _gathered(connection, wanted, begin, size, most)
        if count <= most:
            return found, min(count, MOST_COUNTED)
    return _walked(connection, wanted, begin, size), MOST_COUNTED


def _stored(connection: Connection) -> float:
    """How many papers there are, by what the last ANALYZE counted."""
    known = text("SELECT reltuples FROM pg_class WHERE oid = CAST('searched' AS regclass)")
    return max(0.0, float(connection.execute(known).scalar_one()))


def _is_common(connection: Connection, wanted: Wanted, alike: float) -> bool:
    """Tell whether so many papers match that to walk is less work than to gather."""
    if alike < MOST_COUNTED or wanted.expression is None:
        return False
    return _share(connection, wanted, wanted.expression) * _stored(connection) > alike


def _share(connection: Connection, wanted: Wanted, expression: Expression) -> float:
    """How many of all papers match, by the first of them."""
    order = (searched.c[name].desc() for name in _order(wanted))
    first = narrowed(select(VECTOR.label("text_vector")), wanted).select_from(searched).order_by(*order).limit(PROBED)
    matching = select(func.count()).select_from(first.subquery("searched")).where(_matches(expression))
    return float(connection.execute(matching).scalar_one()) / PROBED


def _is_dear(connection: Connection, wanted: Wanted) -> bool:
    """Tell whether very much is asked of very many papers, as by ten phrases of common words."""
    if wanted.expression is None or (runs := runs_of(wanted.expression)) <= FEW_RUNS:
        return False
    stored = _stored(connection)
    return (
        stored * runs > MOST_WORK and _share(connection, wanted, apart(wanted.expression)) * stored * runs > MOST_WORK
    )


def _of_the_first(connection: Connection, wanted: Wanted, begin: int, size: int) -> Found:
    """What is found among the first papers that have the terms, wherever they stand, in order."""
    assert wanted.expression
    order = [searched.c[name].desc() for name in _order(wanted)]
    terms: Select[Any] = narrowed(select(*FACTS, VECTOR.label("text_vector")), wanted)
    terms = terms.where(_matches(apart(wanted.expression))).order_by(*order)
    among = terms.limit(MOST_WORK // runs_of(wanted.expression)).subquery("searched")
    question: Select[Any] = select(*(among.c[column.name] for column in FACTS)).where(_matches(wanted.expression))
    question = question.order_by(*(among.c[name].desc() for name in _order(wanted))).offset(begin).limit(size)
    # An index of so many terms takes longer than the papers.
    connection.execute(text("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off"))
    found = connection.execute(question).all()
    connection.execute(text("SET LOCAL enable_bitmapscan = on; SET LOCAL enable_seqscan = on"))
    return found


def _by_index(connection: Connection, question: Select[Any]) -> Found:
    """Ask so that the index of the words is used, the only one that gives a bitmap.

    A phrase whose words are common but stand nowhere together is common to the planner, which would open every paper.
    """
    connection.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off"))
    found = connection.execute(question).all()
    connection.execute(text("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = on"))
    return found


def _gathered(connection: Connection, wanted: Wanted, begin: int, size: int, most: int) -> tuple[Found, int]:
    """Some of what the index finds, in order, and how many it finds, up to one more than `most`."""
    found = _found(wanted).limit(most + 1).cte("found")
    count = select(func.count()).select_from(found).scalar_subquery().label("about")
    question: Select[Any] = select(*found.c, count).order_by(*(found.c[name].desc() for name in _order(wanted)))
    rows = _by_index(connection, question.offset(begin).limit(size))
    return rows, rows[0].about if rows else begin


def _walked(connection: Connection, wanted: Wanted, first: int, most: int) -> Found:
    order = (searched.c[name].desc() for name in _order(wanted))
    return connection.execute(_found(wanted).order_by(*order).offset(first).limit(most)).all()


def _order(wanted: Wanted) -> Sequence[str]:
    """By what papers are ordered before they are ranked, the most first."""
    if wanted.order is Order.NEWEST or (wanted.order is Order.FIT and wanted.expression is None):
        return ("listed_on", "upvotes", "number")
    return ("upvotes", "number")


def _fits(connection: Connection, expression: Expression, pool: Found) -> Mapping[int, float]:
    rank = func.ts_rank(WEIGHTS, VECTOR, _tsquery(expression))
    numbers = [row.number for row in pool]
    ranked = connection.execute(select(searched.c.number, rank).where(searched.c.number.in_(numbers)))
    return {number: float(fit) for number, fit in ranked}


def _found(wanted: Wanted) -> Select[Any]:
    question = narrowed(select(*FACTS), wanted)
    return question.where(_matches(wanted.expression)) if wanted.expression else question


def _matches(expression: Expression) -> ColumnElement[bool]:
    return VECTOR.op("@@", is_comparison=True)(_tsquery(expression))


def _tsquery(expression: Expression) -> ColumnElement[str]:
    return cast(literal(vector_text(expression)), TSQUERY)


def _places(rows: Found, fits: Mapping[int, float] | None = None) -> list[Place]:
    known = fits or {}
    return [Place(row.paper_id, known.get(row.number, 0.0), row.upvotes) for row in rows]


def _counted(found: list[Place], first: int, most: int) -> Places:
    """Of all papers there are, nobody counts more than a page at a time."""
    return found, MOST_COUNTED if len(found) == most else min(first + len(found), MOST_COUNTED)
