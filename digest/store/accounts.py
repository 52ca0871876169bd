"""The account: what became of the digests that were due on each day. It adds up at any moment, for it is the ledger."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import Engine, func, select

from digest.domain import Kind, Run, State, Status
from digest.store.day_counts import day_of_due
from digest.store.engine import reading
from digest.store.tables import deliveries, readers


def since(engine: Engine, moment: datetime) -> list[Run]:
    """The runs of all days from this moment's on, the newest first."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    due_then = (deliveries.c.kind == Kind.DIGEST) & (deliveries.c.due_at >= midnight)
    found: dict[str, dict[State, int]] = defaultdict(dict)
    with reading(engine) as connection:
        day = day_of_due(connection)
        question = select(day, deliveries.c.state, func.count()).where(due_then).group_by(day, deliveries.c.state)
        for due, state, count in connection.execute(question):
            # A state that no version of ours knows is in no column of the account; `unknown` names it. On SQLite, a
            # due moment may be none.
            if due and state in list(State):
                found[str(due)][State(state)] = count
    return [Run(date.fromisoformat(due), found[due]) for due in sorted(found, reverse=True)]


def unknown(engine: Engine) -> dict[str, int]:
    """How many rows bear a word that no version of ours knows, by that word: nothing is ever done about them."""
    found = dict[str, int]()
    with reading(engine) as connection:
        for name, column, known in (
            ("reader's status", readers.c.status, Status),
            ("delivery's state", deliveries.c.state, State),
        ):
            question = select(column, func.count()).where(column.not_in(list(known))).group_by(column)
            for word, count in connection.execute(question):
                found[f"{name} {str(word)[:40]!r}"] = count
    return found
