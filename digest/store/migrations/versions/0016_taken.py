"""Which messages of the mailbox were taken in already. Older code does not look at it."""

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Moment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taken",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_taken")),
    )
    op.create_index(op.f("ix_taken_place"), "taken", ["place"])


def downgrade() -> None:
    op.drop_table("taken")
