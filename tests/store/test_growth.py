"""What a statement reads grows with what it is asked about, whatever PostgreSQL believes of how many rows there are."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, text, tuple_

from digest.domain import Beside, Preferences, Result, State
from digest.jobs import standing
from digest.jobs.editions import Editions
from digest.readers import schedule
from digest.store import accounts, day_counts, ledger, outcomes, planning
from digest.store import readers as readers_of
from digest.store.engine import connect, reading, writing
from digest.store.tables import readers
from tests.support.factories import NOW
from tests.support.stored import in_memory
from tests.support.waiting import wait_until

SLOWLY = 20.0
MANY, OF_THEM, A_PORTION = 4_000, 1_000, 25
# By psycopg.
PREPARED_AFTER = 5
TOMORROW = NOW + timedelta(days=1)
READ = """SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
          WHERE relname IN ('readers', 'deliveries')"""
READ_EVER = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'deliveries'"
A_READER_EACH = """
    INSERT INTO readers (email, email_key, status, topics, cadence, hour, timezone, most_papers, created_at,
                         confirmed_at, next_due_at)
    SELECT 'reader' || number, 'reader' || number, 'active', '[]', 'daily', 7, 'UTC', 10, :now, :now, :now
    FROM generate_series(1, :many) AS number"""

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


def fill(connection, many):
    """So many readers who are due, of whom PostgreSQL has just been told, and of no delivery yet."""
    connection.execute(text(A_READER_EACH), {"many": many, "now": NOW})
    connection.execute(text("ALTER TABLE deliveries SET (autovacuum_enabled = off)"))
    connection.execute(text("ANALYZE"))


def test_planning_a_range_reads_each_reader_a_few_times_though_the_range_before_waits(engine):
    with writing(engine) as connection:
        fill(connection, MANY)
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


def test_planning_a_ledger_that_was_empty_does_not_read_what_it_has_just_written(engine):
    everybody = (readers.c.status == "active") & (readers.c.next_due_at <= NOW)
    with writing(engine) as connection:
        fill(connection, OF_THEM)
        pages = "SELECT pg_stat_get_xact_blocks_fetched('deliveries'::regclass)"
        assert planning.plan_for(connection, everybody, NOW, schedule.MOST_CATCH_UP, schedule.next_due) == OF_THEM
        assert connection.execute(text(pages)).scalar_one() < 10 * OF_THEM


def test_a_portion_is_found_by_number_though_postgresql_believes_that_few_wait(engine, monkeypatch):
    # Nobody tells it.
    monkeypatch.setattr(planning, "MANY", sys.maxsize)
    with writing(engine) as connection:
        fill(connection, MANY)
    assert planning.plan(engine, NOW, schedule.MOST_CATCH_UP, schedule.next_due) == MANY
    group = ledger.claim(engine, A_PORTION, NOW)
    chosen = [(one, ("2512.00001",), Beside()) for one in group]
    ended = [(one, Result(one.id, State.SENT, "250 taken"), NOW) for one in group]
    before = read_by_now(engine)
    assert len(outcomes.begin(engine, chosen, NOW)) == A_PORTION
    assert len(outcomes.record(engine, ended, NOW)) == A_PORTION
    assert read_by_now(engine) - before < 4 * A_PORTION


def test_a_step_of_a_round_is_one_statement_and_stays_prepared(engine):
    with writing(engine) as connection:
        fill(connection, OF_THEM)
    planning.plan(engine, NOW, schedule.MOST_CATCH_UP, schedule.next_due)
    asked, editions = [], Editions(engine)
    event.listen(engine, "before_cursor_execute", lambda *statement: asked.append(statement[2]))
    for _ in range(PREPARED_AFTER + 1):
        asked.clear()
        group = ledger.claim(engine, A_PORTION, NOW)
        outcomes.begin(engine, [(one, (), Beside()) for one in group], NOW)
        outcomes.record(engine, [(one, Result(one.id, State.SENT), NOW) for one in group], NOW)
        assert len(asked) == 3
        editions.gather(group)
    # When readers last heard from us, and what they voted on; the edition is known by now.
    assert len(asked) == 3 + 2
    with reading(engine) as connection:
        # Had one of these questions ended in a ROLLBACK, the driver would have forgotten them all.
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() >= 5


def read_by_now(engine):
    """The rows of the ledger that were ever read."""
    with reading(engine) as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        return connection.execute(text(READ_EVER)).scalar_one()


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


A_DAY_HAS, DAYS = 2_400, 10
SOME_DAYS = f"""INSERT INTO deliveries
    (reader_id, kind, due_at, window_start, window_end, since, state, reason, attempts,
    next_attempt_at, papers, tried_at) SELECT readers.id, 'digest', due, due, due, CAST(due AS date),
    CASE WHEN readers.id % 600 = 0 THEN 'failed' ELSE 'sent' END,
    CASE WHEN readers.id % 1200 = 0 THEN 'set aside: no zone' ELSE '250 ' || repeat('Ok', 200) END, 1, due, '[]', due
    FROM (SELECT CAST(:now AS timestamptz) - make_interval(days => day) AS due
          FROM generate_series({DAYS - 1}, 0, -1) AS day) AS days, readers ORDER BY days.due, readers.id"""


def scanned(node):
    """How many rows a plan took from tables, whatever it did with them."""
    kept = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    here = kept * node["Actual Loops"] if node.get("Relation Name") in ("readers", "deliveries") else 0
    return here + sum(map(scanned, node.get("Plans", ())))


def rows_read(engine, ask):
    """How many rows of readers and deliveries a question reads, by PostgreSQL's own count."""
    asked = []
    event.listen(engine, "before_cursor_execute", take := lambda *what: asked.append(what[2:4]))
    ask()
    event.remove(engine, "before_cursor_execute", take)
    with engine.connect() as connection:
        plans = [
            connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {one}", given).scalar() for one, given in asked
        ]
    return sum(scanned(plan["Plan"]) for [plan] in plans)


ASKED = {
    "the account of a week": (2 * A_DAY_HAS, lambda engine: accounts.since(engine, NOW - timedelta(days=7))),
    "all deliveries": (2 * A_DAY_HAS, day_counts.all_deliveries),
    "who is set aside": (5 * DAYS, lambda engine: planning.set_aside(engine, NOW - timedelta(days=7))),
    "what nobody knows": (A_DAY_HAS, accounts.unknown),
    "the watch, though some failed": (500, lambda engine: standing.gather(engine, "sqlite://", NOW)),
}


def test_what_is_asked_of_the_ledger_reads_no_more_after_many_days_than_after_one(engine):
    with writing(engine) as connection:
        some = (
            "SELECT 'r' || n, 'r' || n, 'active', '[]', 'daily', 7, 'UTC', 10, now() FROM generate_series(1, :many) n"
        )
        into = "email, email_key, status, topics, cadence, hour, timezone, most_papers, created_at"
        connection.execute(text(f"INSERT INTO readers ({into}) {some}"), {"many": A_DAY_HAS})
        connection.execute(text(SOME_DAYS), {"now": NOW})
    day_counts.fold(engine, NOW)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    assert [run.planned for run in accounts.since(engine, NOW - timedelta(days=7))] == [A_DAY_HAS] * 8
    assert len(planning.set_aside(engine, NOW - timedelta(days=7))) == 8 * A_DAY_HAS / 1_200
    found = {name: rows_read(engine, lambda ask=ask: ask(engine)) for name, (_, ask) in ASKED.items()}
    assert {name: read for name, read in found.items() if read > ASKED[name][0]} == {}, found


RARE = {
    "ix_deliveries_open": day_counts.all_deliveries,
    "ix_deliveries_set_aside": ASKED["who is set aside"][1],
    "ix_readers_set_aside": ASKED["who is set aside"][1],
    "ix_deliveries_unknown": accounts.unknown,
    "ix_deliveries_failed": lambda engine: accounts.failed(engine, NOW),
}


@pytest.mark.parametrize("index", RARE)
def test_sqlite_too_finds_what_is_rare_by_its_index(index):
    engine, asked = in_memory(), []
    event.listen(engine, "before_cursor_execute", lambda *what: asked.append(what[2:4]))
    RARE[index](engine)
    with engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", given).all() for one, given in list(asked)]
    assert any(f"INDEX {index}" in row[3] for plan in plans for row in plan)
