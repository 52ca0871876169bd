"""What is stored before a test begins: by short ways of today, or as the first schema kept it."""

from functools import cache

from digest.readers import schedule
from digest.store import papers, planning
from digest.store.engine import connect, migrate
from tests.support.factories import NOW, a_collection

THEN = "2025-12-24 18:00:00"
# A reader and a digest, as the first schema kept them.
STORED = [
    f"""INSERT INTO readers (email, email_key, status, topics, cadence, hour, timezone, most_papers, created_at,
    confirmed_at, next_due_at) VALUES ('Ada@example.org', 'ada@example.org', 'active', '["agents"]', 'daily', 7, 'UTC',
    10, '{THEN}', '{THEN}', '{THEN}')""",
    f"""INSERT INTO deliveries (reader_id, kind, due_at, window_start, window_end, since, state, reason, attempts,
    next_attempt_at, papers) VALUES (1, 'digest', '{THEN}', '{THEN}', '{THEN}', '2025-12-23', 'queued', '', 0,
    '{THEN}', '["2512.00001"]')""",
]


@cache
def _migrated():
    engine = connect("sqlite://")
    migrate(engine)
    return engine


def in_memory():
    """An engine on a migrated database of its own, which no file has: a copy of one that is made once."""
    engine = connect("sqlite://")
    with _migrated().connect() as known, engine.connect() as copy:
        known.connection.driver_connection.backup(copy.connection.driver_connection)
    return engine


def keep(engine, *listings, at=NOW, backfill=False):
    first = listings[0]
    return papers.keep(engine, listings, a_collection(first.source, first.day, at), backfill=backfill).new


def plan(engine, now=NOW):
    return planning.plan(engine, now, schedule.MOST_CATCH_UP, schedule.next_due)
