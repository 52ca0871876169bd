"""What readers made of their mails and the papers in them, and what they keep to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import TypeAlias

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, RowMapping, select

from digest.domain import Preferences
from digest.store.engine import insert_into, reading
from digest.store.tables import feedback, saved

Change: TypeAlias = tuple[Preferences, Preferences]
_CHANGE = TypeAdapter(Change)
# What a vote weighs; the other answers are about no paper, or only keep it.
VOTES = {"more": 1, "less": -1}


def note(
    connection: Connection,
    reader_id: int,
    delivery_id: int,
    paper_id: str,
    answer: str,
    now: datetime,
    change: Change | None = None,
) -> None:
    """Write down an answer; the latest counts. `change` are the preferences before and after it, if it changed them."""
    key = {"reader_id": reader_id, "delivery_id": delivery_id, "paper_id": paper_id}
    said: dict[str, object] = {"answer": answer, "answered_at": now}
    if change:
        said["change"] = _CHANGE.dump_json(change).decode()
    statement = insert_into(connection, feedback).values(**key, **said)
    # Pressed twice, it changes nothing the second time; what it changed the first time can still be undone.
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=said))


def take_back(connection: Connection, reader_id: int, delivery_id: int, paper_id: str) -> Change | None:
    """Forget an answer; return the preferences before and after it, if it had changed them."""
    mine = (feedback.c.reader_id == reader_id) & (feedback.c.delivery_id == delivery_id)
    mine &= feedback.c.paper_id == paper_id
    change = connection.execute(select(feedback.c.change).where(mine)).scalar_one_or_none()
    connection.execute(feedback.delete().where(mine))
    return _CHANGE.validate_json(change) if change else None


def votes(engine: Engine, readers: Collection[int]) -> dict[int, dict[str, int]]:
    """The papers each reader voted on: 1 for more like it, -1 for less; the latest vote on each."""
    question = select(feedback).where(feedback.c.reader_id.in_(readers), feedback.c.answer.in_(VOTES))
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    with reading(engine) as connection:
        for row in connection.execute(question.order_by(feedback.c.answered_at)).mappings():
            found[row["reader_id"]][row["paper_id"]] = VOTES[row["answer"]]
    return found


def save(connection: Connection, reader_id: int, paper_id: str, now: datetime) -> None:
    """Keep a paper for a reader; twice is as good as once."""
    row = {"reader_id": reader_id, "paper_id": paper_id, "saved_at": now}
    connection.execute(insert_into(connection, saved).values(**row).on_conflict_do_nothing())


def drop(connection: Connection, reader_id: int, paper_id: str) -> None:
    """Keep it no longer."""
    connection.execute(saved.delete().where(saved.c.reader_id == reader_id, saved.c.paper_id == paper_id))


def saved_by(engine: Engine, reader_id: int) -> list[str]:
    """The ids of the papers a reader keeps, the latest first."""
    question = select(saved.c.paper_id).where(saved.c.reader_id == reader_id)
    with reading(engine) as connection:
        return list(connection.execute(question.order_by(saved.c.saved_at.desc(), saved.c.paper_id)).scalars())


def rows_of(engine: Engine, reader_id: int) -> list[RowMapping]:
    """All a reader has answered, for their export."""
    columns = (feedback.c.delivery_id, feedback.c.paper_id, feedback.c.answer, feedback.c.answered_at)
    with reading(engine) as connection:
        found = connection.execute(select(*columns).where(feedback.c.reader_id == reader_id)).mappings()
        return list(found.all())
