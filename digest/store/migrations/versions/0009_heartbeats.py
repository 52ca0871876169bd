"""Which processes of the service live, and when each was last heard."""

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("process", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("pid", sa.Integer, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("heartbeats")
