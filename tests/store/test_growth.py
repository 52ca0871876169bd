"""What a statement reads grows with what it is asked about, whatever PostgreSQL believes of how many rows there are."""

from datetime import timedelta

import pytest
from sqlalchemy import text, tuple_

from digest.readers import schedule
from digest.store import planning
from digest.store.engine import connect, writing
from digest.store.tables import readers
from tests.support.factories import NOW

MANY, OF_THEM = 2_000, 1_000
TOMORROW = NOW + timedelta(days=1)
READ = """SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
          WHERE relname IN ('readers', 'deliveries')"""


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
    with writing(engine) as connection:
        # PostgreSQL still believes that all have gone.
        assert plan_from(connection, OF_THEM) == OF_THEM
        assert connection.execute(text(READ)).scalar_one() < 20 * OF_THEM
