"""Pictures, a change of address that waits, mails to another address, and what the operator was told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("readers", sa.Column("pictures", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("readers", sa.Column("new_email", sa.Text(), server_default="", nullable=False))
    op.add_column("deliveries", sa.Column("recipient", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "alerts",
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("cause", "day", name=op.f("pk_alerts")),
    )


def downgrade() -> None:
    op.drop_table("alerts")
    # Without their recipient, these would go to the reader's own address.
    op.execute("DELETE FROM deliveries WHERE recipient <> ''")
    op.drop_column("deliveries", "recipient")
    op.drop_column("readers", "new_email")
    op.drop_column("readers", "pictures")
