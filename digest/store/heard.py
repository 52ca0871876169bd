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
    and_,
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
from digest.store.many import among, as_rows
from digest.store.readable import readable
from digest.store.tables import deliveries, readers

log = get_logger()

# What arrived, or may have; so may have whatever had no answer once.
ARRIVED = (State.SENT, State.UNCERTAIN, State.SENDING)


def gone(these: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the table or an alias of it
    found: ColumnElement[bool] = these.c.state.in_(ARRIVED) | (these.c.unanswered > 0)
    return found


GONE = gone(deliveries)


def papers_sent(engine: Engine, reader_ids: Collection[int], since: datetime | None = None) -> dict[int, set[str]]:
    """The papers each of these readers was ever sent, or may have been.

    With `since`, at least those that were sent in windows which ended after it: who asks for papers that nobody had
    listed before then need not have years of mails read.
    """
    sent: dict[int, set[str]] = {reader_id: set() for reader_id in reader_ids}
    with reading(engine) as connection:
        for which in _which(connection, reader_ids, since):
            for delivery_id, reader_id, ids, beside in connection.execute(_sent().where(which)):
                sent[reader_id].update(ids_in(delivery_id, ids, beside))
        for reader_id, months in seen.by_readers(connection, reader_ids):
            sent[reader_id].update(months)
    return sent


def _sent() -> Select[Any]:
    # As text: one list that nobody can read would hide all others.
    papers = type_coerce(deliveries.c.papers, Text)
    question = select(deliveries.c.id, deliveries.c.reader_id, papers, deliveries.c.beside)
    return question.where(GONE, deliveries.c.papers != ())


def _which(
    connection: Connection, reader_ids: Collection[int], since: datetime | None
) -> tuple[ColumnElement[bool], ...]:
    """Those due since then, and the last one before: it may have been planned late, with a window that ends later.

    Only that one: the next is due after the late one was planned. By `due_at`, for its index is there; and asked one
    by one, for PostgreSQL reads all of them where it is asked at once.
    """
    theirs = among(deliveries.c.reader_id, reader_ids)
    if since is None:
        return (theirs,)
    mine = (deliveries.c.reader_id == readers.c.id) & (deliveries.c.kind == Kind.DIGEST) & (deliveries.c.due_at < since)
    last = select(deliveries.c.id).where(mine).order_by(deliveries.c.due_at.desc()).limit(1).scalar_subquery()
    late = connection.execute(select(last).where(among(readers.c.id, reader_ids))).scalars()
    newer = and_(theirs, deliveries.c.kind == Kind.DIGEST, deliveries.c.due_at >= since)
    return newer, among(deliveries.c.id, [number for number in late if number])


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
            rows = as_rows({"id": one.id, "reader": one.reader.id, "due": one.due_at} for one in group)
            found = list(connection.execute(HEARD, {"rows": rows}))
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
FROM json_to_recordset(CAST(:rows AS json)) AS these (id bigint, reader bigint, due timestamptz)
""").columns(column("id", deliveries.c.id.type), column("heard", deliveries.c.due_at.type))


def _heard(group: Sequence[Delivery]) -> Select[tuple[int, datetime]]:
    given = (column(name, deliveries.c[name].type) for name in ("id", "reader_id", "due_at"))
    these = values(*given, name="these").data([(one.id, one.reader.id, one.due_at) for one in group]).cte()
    before = (deliveries.c.reader_id == these.c.reader_id) & (deliveries.c.due_at < these.c.due_at)
    heard = before & (deliveries.c.kind == Kind.DIGEST) & GONE
    return select(these.c.id, func.max(deliveries.c.due_at)).join(deliveries, heard).group_by(these.c.id)
