"""Write down what a source listed: the papers, and who listed them. A few statements for many.

A batch that the database refuses is stored one listing at a time, so that only the one at fault is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Connection, case, func, literal
from sqlalchemy.exc import InterfaceError, OperationalError

from digest.domain import Listing
from digest.store.catalogue import PAPER_FIELDS
from digest.store.columns import Strings
from digest.store.engine import insert_into
from digest.store.tables import listings, papers

# Listings of one batch, and so what is stored one by one for the sake of one that is refused.
AT_ONCE = 200
LISTING_KEY = ("source", "day", "paper_id")


def keep(connection: Connection, found: Sequence[Listing], seen_at: datetime, *, archived: bool) -> list[str]:
    """Store listings in their order. Say for each that the database does not take why: its neighbours lose nothing."""
    refused: list[str] = []
    for start in range(0, len(found), AT_ONCE):
        batch = found[start : start + AT_ONCE]
        if _refusal(connection, batch, seen_at, archived):
            one_by_one = ((one, _refusal(connection, [one], seen_at, archived)) for one in batch)
            refused += [f"{one.paper.id!r} cannot be stored: {why}" for one, why in one_by_one if why]
    return refused


def _refusal(connection: Connection, some: Sequence[Listing], seen_at: datetime, archived: bool) -> str:
    """Store listings, all or none; say why the database does not take them, if so."""
    try:
        with connection.begin_nested():
            for borrowed, papers_of in _alike(some, lambda listing: listing.borrowed):
                _keep_papers(connection, papers_of, borrowed=borrowed)
            for figures, rows_of in _alike(some, _figures):
                _keep_listings(connection, rows_of, figures, seen_at, archived)
    except (OperationalError, InterfaceError):
        # The database is away or full, which is no listing's fault.
        raise
    except Exception as error:
        return type(error).__name__
    return ""


def _alike(some: Sequence[Listing], kind: Callable[[Listing], Any]) -> Iterator[tuple[Any, list[Listing]]]:
    """Yield those in a row that one statement stores: the order stays, for a paper may be listed twice."""
    return ((key, list(alike)) for key, alike in groupby(some, kind))


def _keep_papers(connection: Connection, some: Sequence[Listing], *, borrowed: bool) -> None:
    statement = insert_into(connection, papers)
    update = {}
    for column in (papers.c[name] for name in PAPER_FIELDS if name != "id"):
        new = statement.excluded[column.name]
        update[column.name] = _first_said(column, column, new) if borrowed else _first_said(column, new, column)
    statement = statement.on_conflict_do_update(index_elements=["id"], set_=update)
    connection.execute(statement, [{name: getattr(one.paper, name) for name in PAPER_FIELDS} for one in some])


def _first_said(column: Column[Any], one: Any, other: Any) -> Any:  # noqa: ANN401 - column expressions of any type
    """One value of a column, unless it says nothing."""
    if column.nullable:
        return func.coalesce(one, other)
    nothing: object = () if isinstance(column.type, Strings) else ""
    return case((one == literal(nothing, column.type), other), else_=one)


def _figures(listing: Listing) -> tuple[str, ...]:
    """Name what a listing says besides that it is one."""
    return tuple(name for name in ("rank", "upvotes", "comments") if getattr(listing, name) is not None)


def _keep_listings(
    connection: Connection, some: Sequence[Listing], figures: Sequence[str], seen_at: datetime, archived: bool
) -> None:
    statement = insert_into(connection, listings)
    known = {name: statement.excluded[name] for name in figures}
    rows = [
        {"source": one.source, "day": one.day, "paper_id": one.paper.id, "upvotes": 0, "comments": 0}
        | {name: getattr(one, name) for name in figures}
        | {"first_seen_at": seen_at, "archived": archived}
        for one in some
    ]
    connection.execute(statement.on_conflict_do_update(index_elements=LISTING_KEY, set_=known), rows)
