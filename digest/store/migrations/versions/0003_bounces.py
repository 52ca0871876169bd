"""What came back, by delivery."""

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Moment, Number

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounces",
        sa.Column("id", Number, nullable=False),
        sa.Column("reader_id", Number, nullable=False),
        sa.Column("delivery_id", Number, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_bounces_reader_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_bounces_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("delivery_id", "kind", name=op.f("uq_bounces_delivery_id_kind")),
    )
    with op.batch_alter_table("bounces", schema=None) as batch:
        batch.create_index(batch.f("ix_bounces_noted_at"), ["noted_at"], unique=False)
        batch.create_index(batch.f("ix_bounces_reader_id_delivery_id"), ["reader_id", "delivery_id"], unique=False)


def downgrade() -> None:
    op.drop_table("bounces")
