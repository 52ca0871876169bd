"""What readers had before: the papers they were sent, and when they last heard from us."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Text,
    column,
    func,
    select,
    text,
    type_coerce,
    values,
)

from digest.domain import Delivery, Kind, State
from digest.logs import get_logger
from digest.store import seen
from digest.store.beside import of_text
from digest.store.engine import reading
from digest.store.readable import readable
from digest.store.tables import deliveries

log = get_logger()

# What arrived, or may have; so may have whatever had no answer once.
ARRIVED = (State.SENT, State.UNCERTAIN, State.SENDING)


def gone(these: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the table or an alias of it
    found: ColumnElement[bool] = these.c.state.in_(ARRIVED) | (these.c.unanswered > 0)
    return found


GONE = gone(deliveries)


def papers_sent(engine: Engine, reader_ids: Collection[int]) -> dict[int, set[str]]:
    """The papers each of these readers was ever sent, or may have been."""
    some = deliveries.c.papers != ()
    # As text: one list that nobody can read would hide all others.
    papers = type_coerce(deliveries.c.papers, Text)
    question = select(deliveries.c.id, deliveries.c.reader_id, papers, deliveries.c.beside)
    sent: dict[int, set[str]] = {reader_id: set() for reader_id in reader_ids}
    with reading(engine) as connection:
        for delivery_id, reader_id, ids, beside in connection.execute(
            question.where(GONE, some, deliveries.c.reader_id.in_(reader_ids))
        ):
            sent[reader_id].update(ids_in(delivery_id, ids, beside))
        for reader_id, months in seen.by_readers(connection, reader_ids):
            sent[reader_id].update(months)
    return sent


def ids_in(delivery_id: int, listed: str, beside: str) -> set[str]:
    """The papers in a mail: what matched, and what was related to it; of one that nobody can read, none."""
    try:
        return {*json.loads(listed), *(paper for paper, _ in of_text(beside).related)}
    except (ValueError, TypeError, LookupError, RecursionError):
        log.warning("delivery.papers_unreadable", delivery=delivery_id)
        return set()


def last_heard(engine: Engine, group: Sequence[Delivery]) -> dict[int, datetime]:
    """Of what moment the digest, or the note that there was none, was that a reader had before each of these."""
    if not group:
        return {}
    with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            numbers = {"id": [one.id for one in group], "reader": [one.reader.id for one in group]}
            found = list(connection.execute(HEARD, {**numbers, "due": [one.due_at for one in group]}))
        else:
            found = _readable(connection, group)
        return {delivery_id: heard for delivery_id, heard in found if heard}


def _readable(connection: Connection, group: Sequence[Delivery]) -> list[Row[Any]]:
    """In SQLite a moment may be anything; whose cannot be read has heard nothing yet."""
    found, unreadable = readable(
        lambda: list(connection.execute(_heard(group))),
        lambda: group,
        lambda one: list(connection.execute(_heard([one]))),
    )
    for delivery, why in unreadable.items():
        log.warning("delivery.past_unreadable", delivery=delivery.id, why=why)
    return found


# By value: of a dry run there are no rows. Where the database can, in one statement that is always the same.
HEARD = text(f"""
SELECT these.id, (SELECT max(before.due_at) FROM deliveries AS before
                  WHERE before.reader_id = these.reader AND before.due_at < these.due AND before.kind = '{Kind.DIGEST}'
                    AND (before.state IN ('sent', 'uncertain', 'sending') OR before.unanswered > 0))
FROM unnest(CAST(:id AS bigint[]), CAST(:reader AS bigint[]), CAST(:due AS timestamptz[])) AS these (id, reader, due)
""").columns(column("id", deliveries.c.id.type), column("heard", deliveries.c.due_at.type))


def _heard(group: Sequence[Delivery]) -> Select[tuple[int, datetime]]:
    given = (column(name, deliveries.c[name].type) for name in ("id", "reader_id", "due_at"))
    these = values(*given, name="these").data([(one.id, one.reader.id, one.due_at) for one in group]).cte()
    before = (deliveries.c.reader_id == these.c.reader_id) & (deliveries.c.due_at < these.c.due_at)
    heard = before & (deliveries.c.kind == Kind.DIGEST) & GONE
    return select(these.c.id, func.max(deliveries.c.due_at)).join(deliveries, heard).group_by(these.c.id)
