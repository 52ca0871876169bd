"""What a vote is about, what a digest says beside its papers, and muted topics. Older code does not look at them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = (
    ("feedback", sa.Column("about", sa.Text(), server_default="[]", nullable=False)),
    ("deliveries", sa.Column("beside", sa.Text(), server_default="", nullable=False)),
    ("readers", sa.Column("muted", sa.Text(), server_default="", nullable=False)),
)


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(COLUMNS):
        op.drop_column(table, column.name)
