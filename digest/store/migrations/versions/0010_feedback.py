"""What readers make of a mail and its papers, and what they keep. Older code does not look at it."""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Moment, Number

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("reader_id", Number, nullable=False),
        sa.Column("delivery_id", Number, nullable=False),
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=False),
        sa.Column("change", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "delivery_id", "paper_id", name=op.f("pk_feedback")),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], op.f("fk_feedback_reader_id"), ondelete="CASCADE"),
    )
    op.create_table(
        "saved",
        sa.Column("reader_id", Number, nullable=False),
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "paper_id", name=op.f("pk_saved")),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], op.f("fk_saved_reader_id"), ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("saved")
    op.drop_table("feedback")
