"""What readers made of their mails and the papers in them, and what they keep to read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Engine, Select, Text, func, select, type_coerce

from digest.domain import Preferences
from digest.logs import get_logger
from digest.store.engine import insert_into, reading
from digest.store.many import among
from digest.store.tables import feedback, readers, saved

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = get_logger()

Change: TypeAlias = tuple[Preferences, Preferences]
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
    about: Sequence[str] = (),
) -> None:
    """Write down an answer; the latest counts. `change` are the preferences before and after it, if it changed them.

    `about` are the terms that set the paper apart: what a vote is for or against.
    """
    key = {"reader_id": reader_id, "delivery_id": delivery_id, "paper_id": paper_id}
    said: dict[str, object] = {"answer": answer, "answered_at": now, "about": tuple(about)}
    if change:
        said["change"] = _changes().dump_json(change).decode()
    statement = insert_into(connection, feedback).values(**key, **said)
    # Pressed twice, it changes nothing the second time; what it changed the first time can still be undone.
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=said))


def take_back(connection: Connection, reader_id: int, delivery_id: int, paper_id: str) -> Change | None:
    """Forget an answer; return the preferences before and after it, if it had changed them."""
    mine = (feedback.c.reader_id == reader_id) & (feedback.c.delivery_id == delivery_id)
    mine &= feedback.c.paper_id == paper_id
    change = connection.execute(select(feedback.c.change).where(mine)).scalar_one_or_none()
    connection.execute(feedback.delete().where(mine))
    return _changes().validate_json(change) if change else None


@cache
def _changes() -> TypeAdapter[Change]:
    """Made when it is first asked for: commands that ask for no change need not wait for it."""
    from pydantic import TypeAdapter

    return TypeAdapter(Change)


def votes(engine: Engine, readers: Collection[int]) -> dict[int, dict[str, int]]:
    """The papers each reader voted on: 1 for more like it, -1 for less; the latest vote on each."""
    question = select(feedback).where(among(feedback.c.reader_id, readers), feedback.c.answer.in_(VOTES))
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    with reading(engine) as connection:
        for row in connection.execute(question.order_by(feedback.c.answered_at)).mappings():
            found[row["reader_id"]][row["paper_id"]] = VOTES[row["answer"]]
    return found


def votes_on_words(engine: Engine, readers: Collection[int]) -> dict[int, dict[str, int]]:
    """The words each reader voted on: in how many papers they liked one, less those in which they did not."""
    mine = among(feedback.c.reader_id, readers) & feedback.c.answer.in_(VOTES)
    # As text: one list that nobody can read would hide all others.
    about = type_coerce(feedback.c.about, Text)
    question = select(feedback.c.reader_id, feedback.c.paper_id, feedback.c.answer, about).where(mine)
    latest: dict[tuple[int, str], tuple[int, str]] = {}
    with reading(engine) as connection:
        for reader_id, paper_id, said, words in connection.execute(question.order_by(feedback.c.answered_at)):
            latest[reader_id, paper_id] = VOTES[said], words
    found: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (reader_id, paper_id), (vote, words) in latest.items():
        for word in _words(reader_id, paper_id, words):
            found[reader_id][word] += vote
    return {reader_id: dict(words) for reader_id, words in found.items()}


def _words(reader_id: int, paper_id: str, about: str) -> list[str]:
    try:
        return [word for word in dict.fromkeys(json.loads(about)) if isinstance(word, str)]
    except (ValueError, TypeError, RecursionError):
        log.warning("vote.unreadable", reader=reader_id, paper=paper_id)
        return []


def save(connection: Connection, reader_id: int, paper_id: str, now: datetime) -> None:
    """Keep a paper for a reader; twice is as good as once."""
    row = {"reader_id": reader_id, "paper_id": paper_id, "saved_at": now}
    connection.execute(insert_into(connection, saved).values(**row).on_conflict_do_nothing())


def drop(connection: Connection, reader_id: int, paper_id: str) -> None:
    """Keep it no longer, from whichever digest of theirs it was saved."""
    theirs = saved.c.reader_id.in_(_of_their_address(reader_id))
    connection.execute(saved.delete().where(theirs, saved.c.paper_id == paper_id))


def saved_by(engine: Engine, reader_id: int) -> list[str]:
    """The ids of the papers somebody keeps, the latest first: one list for all digests of their address."""
    theirs = saved.c.reader_id.in_(_of_their_address(reader_id))
    question = select(saved.c.paper_id).where(theirs).group_by(saved.c.paper_id)
    with reading(engine) as connection:
        # One that was saved from two digests has been there since the first.
        latest = func.min(saved.c.saved_at).desc()
        return list(connection.execute(question.order_by(latest, saved.c.paper_id)).scalars())


def hand_over(connection: Connection, reader_id: int) -> None:
    """Let another digest of the address keep what this one does, before it goes."""
    others = select(func.min(readers.c.id)).where(
        readers.c.id.in_(_of_their_address(reader_id)), readers.c.id != reader_id
    )
    other = connection.execute(others).scalar_one_or_none()
    if other:
        known = select(saved.c.paper_id).where(saved.c.reader_id == other)
        mine = (saved.c.reader_id == reader_id) & saved.c.paper_id.not_in(known)
        connection.execute(saved.update().where(mine).values(reader_id=other))


def _of_their_address(reader_id: int) -> Select[tuple[int]]:
    """The digests of a reader's address, this one among them."""
    whose = select(readers.c.email_key).where(readers.c.id == reader_id).scalar_subquery()
    return select(readers.c.id).where(readers.c.email_key == whose)


def rows_of(engine: Engine, reader_id: int) -> list[dict[str, Any]]:
    """All a reader has answered, for their export."""
    about = type_coerce(feedback.c.about, Text)
    columns = (feedback.c.delivery_id, feedback.c.paper_id, feedback.c.answer, feedback.c.answered_at, about)
    with reading(engine) as connection:
        found = connection.execute(select(*columns).where(feedback.c.reader_id == reader_id)).mappings().all()
    return [{**row, "about": _words(reader_id, row["paper_id"], row["about"])} for row in found]
