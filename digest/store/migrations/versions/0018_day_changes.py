"""Days that were counted stay right: what changes in them afterwards is noted by the database, whoever changes it.

And small indexes of what is rare, so that who asks for it does not read all the rest.

Older code does not look at the notes, and the next count of its own takes them in. Killed at any step, this is run
again from the start.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Number

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OVER = "('sent', 'failed', 'skipped')"
# The days before are counted for good (`day_counts.COUNTED_AGAIN`); a mail that is deleted stays counted there.
COUNTED_AGAIN = 7
COUNTED_UNTIL = "(SELECT value FROM gauges WHERE name = 'counted until')"

KNOWN = "('queued', 'sending', 'sent', 'deferred', 'failed', 'uncertain', 'skipped')"
INDEXES = (
    ("ix_deliveries_failed", "deliveries", "due_at", "state = 'failed'"),
    (
        "ix_deliveries_set_aside",
        "deliveries",
        "due_at",
        "state IN ('failed', 'uncertain') AND replace(reason, 'set aside: ', '') <> reason",
    ),
    ("ix_deliveries_unknown", "deliveries", "state", f"state NOT IN {KNOWN}"),
    ("ix_readers_set_aside", "readers", "id", "set_aside <> ''"),
)

# PostgreSQL: many write at once, and none of them can know whether a day is being counted just now. So all is noted but
# what ends by an attempt on the day it was due while that is not over, and next to nothing is noted of the day itself.
DAY = "timezone('UTC', {})::date"
LATE = f"""NEW.due_at < timezone('UTC', timezone('UTC', now())::date::timestamp)
    OR NEW.tried_at IS NOT DISTINCT FROM OLD.tried_at
    OR coalesce({DAY.format("NEW.tried_at")} > {DAY.format("NEW.due_at")}, true)"""
POSTGRESQL = {
    "deliveries_inserted": f"AFTER INSERT ON deliveries FOR EACH ROW WHEN (NEW.state IN {OVER})",
    "deliveries_updated": f"""AFTER UPDATE OF state, kind, due_at ON deliveries FOR EACH ROW
        WHEN (OLD.state IN {OVER} OR NEW.state IN {OVER} AND ({LATE}))""",
    "deliveries_deleted": f"AFTER DELETE ON deliveries FOR EACH ROW WHEN (OLD.state IN {OVER})",
}
NOTE = f"""
CREATE OR REPLACE FUNCTION note_day_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    on_day date;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        on_day := {DAY.format("OLD.due_at")};
        IF OLD.state IN {OVER}
           AND (TG_OP = 'UPDATE' OR on_day - DATE '0001-01-01' + 1 >= {COUNTED_UNTIL} - {COUNTED_AGAIN}) THEN
            INSERT INTO day_changes (day, kind, state, count) VALUES (on_day, OLD.kind, OLD.state, -1);
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        IF NEW.state IN {OVER} THEN
            INSERT INTO day_changes (day, kind, state, count)
            VALUES ({DAY.format("NEW.due_at")}, NEW.kind, NEW.state, 1);
        END IF;
    END IF;
    RETURN NULL;
END $$"""

# SQLite has one writer at a time, which sees what is counted. A moment that nobody can read is of no day.
ORDINAL = "julianday(date({})) - 1721424.5"
NOTED = f"""INSERT INTO day_changes (day, kind, state, count) SELECT date({{0}}.due_at), {{0}}.kind, {{0}}.state, {{1}}
    WHERE {{0}}.state IN {OVER} AND {ORDINAL.format("{0}.due_at")} < {COUNTED_UNTIL}"""
BEFORE, AFTER = NOTED.format("OLD", -1), NOTED.format("NEW", 1)
UNSETTLED = f"{ORDINAL.format('OLD.due_at')} >= {COUNTED_UNTIL} - {COUNTED_AGAIN}"
SQLITE = {
    "deliveries_inserted": f"AFTER INSERT ON deliveries WHEN NEW.state IN {OVER} BEGIN {AFTER}; END",
    "deliveries_updated": f"""AFTER UPDATE OF state, kind, due_at ON deliveries
        WHEN OLD.state IN {OVER} OR NEW.state IN {OVER} BEGIN {BEFORE}; {AFTER}; END""",
    "deliveries_deleted": f"""AFTER DELETE ON deliveries WHEN OLD.state IN {OVER}
        BEGIN {BEFORE} AND {UNSETTLED}; END""",
}

# What changed since the last count of old was noted by nobody: the days that are counted again are counted now.
FORGET = f"""DELETE FROM day_counts WHERE what = 'deliveries'
    AND {{ordinal}} >= {COUNTED_UNTIL} - {COUNTED_AGAIN}"""
COUNT = f"""INSERT INTO day_counts (day, what, kind, state, count)
    SELECT {{day}}, 'deliveries', kind, state, count(*) FROM deliveries
    WHERE state IN {OVER} AND due_at >= {{first}} AND due_at < {{last}} GROUP BY 1, 3, 4"""


def upgrade() -> None:
    op.create_table(
        "day_changes",
        sa.Column("id", Number, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_changes")),
        if_not_exists=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        _index()
        _note_on_sqlite()
    else:
        with op.get_context().autocommit_block():
            _index(postgresql_concurrently=True)
            # What was written since the last vacuum would be read with each day that is asked for.
            op.execute("ALTER INDEX ix_deliveries_due_at SET (autosummarize = on)")
        _note_on_postgresql()
    _count_again()


def _index(**how: Any) -> None:  # noqa: ANN401 - what a dialect knows
    for name, table, column, where in INDEXES:
        # One that was not finished would be there, and serve nobody.
        op.drop_index(name, table_name=table, if_exists=True, **how)
        only: dict[str, Any] = {"postgresql_where": sa.text(where), "sqlite_where": sa.text(where)}
        op.create_index(name, table, [column], **only, **how)


def _note_on_postgresql() -> None:
    op.execute(NOTE)
    for name, what in POSTGRESQL.items():
        op.execute(f"DROP TRIGGER IF EXISTS {name} ON deliveries")
        op.execute(f"CREATE TRIGGER {name} {what} EXECUTE FUNCTION note_day_change()")


def _note_on_sqlite() -> None:
    for name, what in SQLITE.items():
        op.execute(f"CREATE TRIGGER {name} {what}")


def _count_again() -> None:
    if op.get_bind().dialect.name == "sqlite":
        day = f"date({COUNTED_UNTIL} + 1721424.5{{}})"
        op.execute(FORGET.format(ordinal=ORDINAL.format("day")))
        op.execute(COUNT.format(day="date(due_at)", first=day.format(f" - {COUNTED_AGAIN}"), last=day.format("")))
        return
    # The triggers keep writers waiting until this is over, which it is at once; the count is made without them.
    with op.get_context().autocommit_block():
        pass
    day = f"timezone('UTC', (DATE '0001-01-01' - 1 + {COUNTED_UNTIL}::integer{{}})::timestamp)"
    op.execute(FORGET.format(ordinal="day - DATE '0001-01-01' + 1"))
    counted = COUNT.format(day=DAY.format("due_at"), first=day.format(f" - {COUNTED_AGAIN}"), last=day.format(""))
    # In one statement, and so as of one moment: what is noted by then is counted, and what comes after is not.
    again = f"{COUNTED_UNTIL} IS NULL OR day - DATE '0001-01-01' + 1 >= {COUNTED_UNTIL} - {COUNTED_AGAIN}"
    op.execute(f"WITH noted AS (DELETE FROM day_changes WHERE {again}) {counted}")


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in SQLITE:
        op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON deliveries")
    if not sqlite:
        op.execute("DROP FUNCTION note_day_change()")
        op.execute("ALTER INDEX ix_deliveries_due_at RESET (autosummarize)")
    for name, table, *_ in INDEXES:
        op.drop_index(name, table_name=table)
    op.drop_table("day_changes")
