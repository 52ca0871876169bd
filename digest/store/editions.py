"""What the digests of a window are chosen from, frozen when the first is written: a mail sent again is the same."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Engine, select

from digest.domain import Paper, Window
from digest.logs import get_logger
from digest.store import papers
from digest.store.engine import insert_into, reading, writing
from digest.store.tables import editions

log = get_logger()
_PAPERS = TypeAdapter(list[Paper])


@dataclass(frozen=True, slots=True)
class Listed:
    """The papers of a window, and which of them were listed before it: only these can have been sent already."""

    papers: list[Paper]
    relisted: frozenset[str]


def find(engine: Engine, window: Window) -> Listed:
    """The edition as it was frozen or, if it was not, as it stands now."""
    with reading(engine) as connection:
        found = _frozen(connection, window)
    return found or Listed(papers.in_window(engine, window), frozenset(papers.relisted(engine, window)))


def freeze(engine: Engine, window: Window) -> Listed:
    """The edition of a window: the same for whoever asks, and whatever is collected later."""
    with reading(engine) as connection:
        if found := _frozen(connection, window):
            return found
    listed = find(engine, window)
    row = {"papers": zlib.compress(_PAPERS.dump_json(listed.papers)), "relisted": sorted(listed.relisted)}
    with writing(engine) as connection:
        if _frozen(connection, window) is None:
            # One that nobody can read any more: what stands in the listings is the next best.
            connection.execute(editions.delete().where(*_is(window)))
        statement = insert_into(connection, editions).values(**row, **_key(window))
        connection.execute(statement.on_conflict_do_nothing())
        # Somebody may have been quicker.
        return _frozen(connection, window) or listed


def drop(engine: Engine, before: datetime) -> int:
    """Let go of the editions of windows that ended before this moment; return how many."""
    with writing(engine) as connection:
        return connection.execute(editions.delete().where(editions.c.window_end < before)).rowcount


def _frozen(connection: Connection, window: Window) -> Listed | None:
    question = select(editions.c.papers, editions.c.relisted).where(*_is(window))
    try:
        row = connection.execute(question).one_or_none()
        return row and Listed(_PAPERS.validate_json(zlib.decompress(row.papers)), frozenset(row.relisted))
    except (zlib.error, TypeError, ValueError) as error:
        log.error("edition.unreadable", window_end=f"{window.end:%Y-%m-%d %H:%M}", why=type(error).__name__)
        return None


def _is(window: Window) -> list[ColumnElement[bool]]:
    return [editions.c[name] == value for name, value in _key(window).items()]


def _key(window: Window) -> dict[str, object]:
    return {"window_start": window.start, "window_end": window.end, "since": window.since}
