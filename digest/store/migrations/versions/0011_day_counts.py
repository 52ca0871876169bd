"""What happened on each day, counted once; and a few figures that a round measures for those who look later."""

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_counts",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("day", "what", "kind", "state", name=op.f("pk_day_counts")),
    )
    op.create_table(
        "gauges",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gauges")),
    )


def downgrade() -> None:
    op.drop_table("gauges")
    op.drop_table("day_counts")
