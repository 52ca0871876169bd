"""The account: what became of the digests that were due on each day. It adds up at any moment, for it is the ledger."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, Engine, func, select, text

from digest.domain import Kind, Run, State, Status
from digest.store import by_day
from digest.store.engine import reading
from digest.store.tables import FAILED, UNKNOWN, deliveries, readers


def since(engine: Engine, moment: datetime) -> list[Run]:
    """The runs of all days from this moment's on, the newest first."""
    found: dict[date, dict[State, int]] = defaultdict(dict)
    with reading(engine) as connection:
        for due, _, state, count in connection.execute(by_day.counted(connection, _day(moment), Kind.DIGEST)):
            # A state that no version of ours knows is in no column of the account; `unknown` names it. On SQLite, a
            # due moment may be none.
            if due and state in list(State):
                found[due][State(state)] = int(count)
    return [Run(due, found[due]) for due in sorted(found, reverse=True)]


def failed(engine: Engine, moment: datetime) -> int:
    """How many digests failed of those due from this moment's day on."""
    these = _digests_since(_day(moment)) & text(FAILED)
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(deliveries).where(these)).scalar_one()


def went(engine: Engine, moment: datetime, enough: int) -> int:
    """How many digests went of those due from this moment's day on, or `enough`: no more rows than that are read."""
    with reading(engine) as connection:
        found, until = by_day.kept(connection, _day(moment), Kind.DIGEST, State.SENT)
        if found < enough:
            these = _digests_since(until) & (deliveries.c.state == State.SENT)
            newer = select(deliveries.c.id).where(these).limit(enough - found).subquery()
            found += connection.execute(select(func.count()).select_from(newer)).scalar_one()
    return min(found, enough)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _digests_since(day: date) -> ColumnElement[bool]:
    return (deliveries.c.kind == Kind.DIGEST) & by_day.due_since(day)


def unknown(engine: Engine) -> dict[str, int]:
    """How many rows bear a word that no version of ours knows, by that word: nothing is ever done about them."""
    found = dict[str, int]()
    with reading(engine) as connection:
        for name, column, unknown in (
            ("reader's status", readers.c.status, readers.c.status.not_in(list(Status))),
            ("delivery's state", deliveries.c.state, text(UNKNOWN)),
        ):
            question = select(column, func.count()).where(unknown).group_by(column)
            for word, count in connection.execute(question):
                found[f"{name} {str(word)[:40]!r}"] = count
    return found
