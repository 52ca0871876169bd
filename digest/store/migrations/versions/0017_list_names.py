"""What mail programs know a digest by that was given another name. Older code does not look at it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("readers", sa.Column("list_name", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("readers", "list_name")
