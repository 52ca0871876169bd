"""An index of the ids that a provider's HTTP interface gave our mails: by them its webhooks name a mail."""

from alembic import op
from sqlalchemy import text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TAKEN_BY_AN_API = text("substr(reason, 1, 4) = '200 '")


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_taken_by_an_api",
        "deliveries",
        ["reason"],
        postgresql_where=TAKEN_BY_AN_API,
        sqlite_where=TAKEN_BY_AN_API,
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_taken_by_an_api", table_name="deliveries")
