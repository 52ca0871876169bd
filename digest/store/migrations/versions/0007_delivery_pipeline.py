"""Whose claim a delivery is, whether it may have arrived, and which readers were set aside."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("claim", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("deliveries", sa.Column("begun", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("deliveries", sa.Column("unanswered", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE deliveries SET unanswered = 1 WHERE state = 'uncertain'")
    op.add_column("readers", sa.Column("set_aside", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("readers", "set_aside")
    for name in ("unanswered", "begun", "claim"):
        op.drop_column("deliveries", name)
