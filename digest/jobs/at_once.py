"""A digest before its time, for a reader who asks: what is new since the last one. Not again and again."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine

from digest.domain import Kind, Status
from digest.readers import schedule
from digest.store import ledger, planning, readers
from digest.store.engine import retried, writing
from digest.store.tables import readers as rows

# Sources list once a day or a little more often: sooner, there is hardly anything new.
NOT_WITHIN = timedelta(hours=6)


class AtOnce(StrEnum):
    """What becomes of the wish."""

    PLANNED = "planned"
    # One was due just now: it is on its way, or there was nothing in it.
    TOO_SOON = "too soon"
    # Who is paused or gone gets nothing.
    NOTHING = "nothing"


@retried
def plan(engine: Engine, reader_id: int, now: datetime) -> AtOnce:
    """Plan a digest for now; the next one comes at its usual time."""
    with writing(engine) as connection:
        reader = readers.lock(connection, reader_id)
        if reader is None or reader.status is not Status.ACTIVE:
            return AtOnce.NOTHING
        if ledger.asked(connection, [reader_id], (Kind.DIGEST,), now - NOT_WITHIN):
            return AtOnce.TOO_SOON
        readers.reschedule(connection, reader_id, now)
        planning.plan_for(connection, rows.c.id == reader_id, now, schedule.MOST_CATCH_UP, schedule.next_due)
        return AtOnce.PLANNED
