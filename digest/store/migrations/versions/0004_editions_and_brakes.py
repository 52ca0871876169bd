"""Frozen editions, brakes, and indexes that serve a million deliveries."""

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Moment, Strings

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('queued', 'sending', 'deferred', 'uncertain')")


def upgrade() -> None:
    op.create_table(
        "editions",
        sa.Column("window_start", Moment(), nullable=False),
        sa.Column("window_end", Moment(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("papers", sa.LargeBinary(), nullable=False),
        sa.Column("relisted", Strings(), nullable=False),
        sa.PrimaryKeyConstraint("window_start", "window_end", "since", name=op.f("pk_editions")),
    )
    op.create_table(
        "brakes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_brakes")),
    )
    op.drop_index("ix_readers_status_next_due_at", table_name="readers")
    op.create_index("ix_readers_status_next_due_at_id", "readers", ["status", "next_due_at", "id"])
    op.drop_index("ix_deliveries_state_next_attempt_at", table_name="deliveries")
    op.add_column("deliveries", sa.Column("preferences", sa.Text(), nullable=True))
    op.create_index(
        "ix_deliveries_open", "deliveries", ["next_attempt_at", "id"], postgresql_where=OPEN, sqlite_where=OPEN
    )
    op.create_index("ix_deliveries_due_at", "deliveries", ["due_at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_deliveries_due_at", table_name="deliveries")
    op.drop_index("ix_deliveries_open", table_name="deliveries")
    op.drop_column("deliveries", "preferences")
    op.create_index("ix_deliveries_state_next_attempt_at", "deliveries", ["state", "next_attempt_at"])
    op.drop_index("ix_readers_status_next_due_at_id", table_name="readers")
    op.create_index("ix_readers_status_next_due_at", "readers", ["status", "next_due_at"])
    op.drop_table("brakes")
    op.drop_table("editions")
