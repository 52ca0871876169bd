"""What stays of old mails and of readers who are gone. Older code does not look at it, and folds nothing."""

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Number

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen",
        sa.Column("reader_id", Number, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("papers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "month", name=op.f("pk_seen")),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], op.f("fk_seen_reader_id"), ondelete="CASCADE"),
    )
    op.create_table(
        "suppressed",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_suppressed")),
    )


def downgrade() -> None:
    op.drop_table("suppressed")
    op.drop_table("seen")
