"""What a statement reads grows with what it is asked about, whatever PostgreSQL believes of how many rows there are."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text, tuple_

from digest.domain import Preferences
from digest.readers import schedule
from digest.store import planning
from digest.store import readers as readers_of
from digest.store.engine import connect, writing
from digest.store.tables import readers
from tests.support.factories import NOW
from tests.support.waiting import wait_until

SLOWLY = 20.0
MANY, OF_THEM = 2_000, 1_000
TOMORROW = NOW + timedelta(days=1)
READ = """SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
          WHERE relname IN ('readers', 'deliveries')"""

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def engine(postgres):
    engine = connect(postgres())
    yield engine
    engine.dispose()


def plan_from(connection, first):
    """As planning does it range by range, so many from a reader on."""
    place = tuple_(readers.c.next_due_at, readers.c.id)
    due = (readers.c.status == "active") & (readers.c.next_due_at <= TOMORROW)
    some = due & (place > tuple_(TOMORROW, first)) & (place <= tuple_(TOMORROW, first + OF_THEM))
    return planning.plan_for(connection, some, TOMORROW, schedule.MOST_CATCH_UP, schedule.next_due)


def test_planning_a_range_reads_each_reader_a_few_times_though_the_range_before_waits(engine):
    fields = {"status": "active", "topics": (), "cadence": "daily", "hour": 7, "timezone": "UTC", "most_papers": 10}
    moments = {"created_at": NOW, "confirmed_at": NOW, "next_due_at": NOW}
    names = [f"reader{number}@example.org" for number in range(MANY)]
    with writing(engine) as connection:
        connection.execute(readers.insert(), [{"email": n, "email_key": n} | fields | moments for n in names])
        connection.execute(text("ALTER TABLE deliveries SET (autovacuum_enabled = off)"))
    assert planning.plan(engine, NOW, schedule.MOST_CATCH_UP, schedule.next_due) == MANY
    with writing(engine) as connection:
        connection.execute(text("UPDATE deliveries SET state = 'sent'"))
        connection.execute(text("UPDATE readers SET next_due_at = :at"), {"at": TOMORROW})
        connection.execute(text("ANALYZE"))
    with writing(engine) as connection:
        assert plan_from(connection, 0) == OF_THEM
        # A session hands in what it counted once a second at most, and counts on until then.
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    with writing(engine) as connection:
        # PostgreSQL still believes that all have gone.
        assert plan_from(connection, OF_THEM) == OF_THEM
        assert connection.execute(text(READ)).scalar_one() < 100 * OF_THEM


def test_a_digest_that_a_worker_claims_while_the_next_is_planned_is_not_dropped(engine):
    """PostgreSQL asks a row again that changed meanwhile, but not what was looked up before."""
    reader = readers_of.admit(engine, "ada@example.org", Preferences(), NOW)
    assert planning.plan(engine, NOW, schedule.MOST_CATCH_UP, schedule.next_due) == 1
    with engine.connect() as claiming:
        claiming.execute(text("UPDATE deliveries SET state = 'sending'"))
        with ThreadPoolExecutor(1) as other:
            after = schedule.next_due(reader.preferences, NOW)
            planned = other.submit(planning.plan, engine, after, schedule.MOST_CATCH_UP, schedule.next_due)
            with engine.connect() as watching:
                wait_until(lambda: watching.execute(text(BLOCKED)).scalar_one())
            claiming.commit()
            assert planned.result(SLOWLY) == 1
    with engine.connect() as connection:
        found = connection.execute(text("SELECT state FROM deliveries ORDER BY due_at")).scalars().all()
    assert found == ["sending", "queued"]
