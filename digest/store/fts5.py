"""Candidates for a search in SQLite: FTS5 finds them, and orders them by BM25."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, column, func, literal_column, select, table

from digest.store.expressions import Expression, size, sqlite_text
from digest.store.tables import searched
from digest.store.wanted import LIKED, MOST_COUNTED, NEWEST, Order, Place, Places, Wanted, narrowed

# BM25 of the title, the keywords, the abstract and the facts.
WEIGHTS = "4.0, 3.0, 1.0, 1.0"
FULL_TEXT = table("searched_text", column("rowid"))
BM25: ColumnElement[float] = literal_column(f"bm25(searched_text, {WEIGHTS})")
# To rank a paper takes a tenth of a microsecond for each run of terms that is asked for. Where many are, it is counted
# first whether that comes to too much work, in papers times runs.
FEW_RUNS, MOST_WORK = 30, 1_000_000
MOST_LATEST = 2_000
NO_FIT: ColumnElement[float] = literal_column("0.0")


def places(connection: Connection, wanted: Wanted, first: int, most: int) -> Places:
    """The papers from the `first` place on, at most so many, in the order wanted."""
    dear = _is_dear(connection, wanted)
    question = _of_the_latest(wanted) if dear else _question(wanted)
    found = [Place(*row) for row in connection.execute(question.offset(first).limit(most))]
    if len(found) < most:
        return found, first + len(found)
    return found, MOST_COUNTED if dear else _count(connection, wanted)


def _is_dear(connection: Connection, wanted: Wanted) -> bool:
    """Tell whether very much is asked of very many papers, as by twenty beginnings of words."""
    if wanted.expression is None or (runs := size(wanted.expression)) <= FEW_RUNS:
        return False
    found = select(FULL_TEXT.c.rowid).where(_matches(wanted.expression)).limit(MOST_WORK // runs + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one()) > MOST_WORK // runs


def _of_the_latest(wanted: Wanted) -> Select[Any]:
    """The most upvoted or the newest of the papers stored last: they are met first, so that the others are not."""
    assert wanted.expression
    last = select(FULL_TEXT.c.rowid).where(_matches(wanted.expression))
    last = last.order_by(FULL_TEXT.c.rowid.desc()).limit(MOST_LATEST)
    question = narrowed(select(searched.c.paper_id, NO_FIT, searched.c.upvotes), wanted)
    return question.where(searched.c.number.in_(last)).order_by(*(NEWEST if wanted.order is Order.NEWEST else LIKED))


def _question(wanted: Wanted) -> Select[Any]:
    fits = wanted.order is Order.FIT and wanted.expression is not None
    if fits and wanted.expression and _only_words(wanted):
        return _best(wanted.expression)
    fit = -BM25 if fits else NO_FIT
    question = _found(select(searched.c.paper_id, fit, searched.c.upvotes), wanted)
    order = (BM25, *NEWEST) if fits else LIKED if wanted.order is Order.UPVOTES else NEWEST
    return question.order_by(*order)


def _best(expression: Expression) -> Select[Any]:
    """The papers that fit best, ordered by FTS5 itself, which is several times as fast."""
    rank: ColumnElement[float] = literal_column("rank")
    question = select(searched.c.paper_id, -rank, searched.c.upvotes).select_from(FULL_TEXT)
    question = question.join(searched, FULL_TEXT.c.rowid == searched.c.number)
    return question.where(_matches(expression), rank.op("MATCH")(f"bm25({WEIGHTS})")).order_by(rank)


def _count(connection: Connection, wanted: Wanted) -> int:
    if wanted.expression and _only_words(wanted):
        question = select(FULL_TEXT.c.rowid).where(_matches(wanted.expression))
    else:
        question = _found(select(searched.c.number), wanted)
    found = question.limit(MOST_COUNTED).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def _only_words(wanted: Wanted) -> bool:
    """Tell whether neither days nor upvotes matter."""
    return not (wanted.since or wanted.until or wanted.least_upvotes)


def _found(question: Select[Any], wanted: Wanted) -> Select[Any]:
    question = narrowed(question, wanted)
    if wanted.expression is None:
        return question
    return question.join(FULL_TEXT, FULL_TEXT.c.rowid == searched.c.number).where(_matches(wanted.expression))


def _matches(expression: Expression) -> ColumnElement[bool]:
    return literal_column("searched_text").op("MATCH", is_comparison=True)(sqlite_text(expression))
