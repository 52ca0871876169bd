"""On SQLite, never give a number of somebody who is gone to somebody else: links name readers and deliveries by it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBERED = ("readers", "deliveries")


def upgrade() -> None:
    _copy(autoincrement=True)


def downgrade() -> None:
    _copy(autoincrement=False)


def _copy(*, autoincrement: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL's sequences never go back.
    if op.get_bind().exec_driver_sql("PRAGMA foreign_keys").scalar():
        # A table is copied by dropping the old one, which would delete what belongs to its rows.
        raise RuntimeError("foreign keys are on: use `digest migrate`")
    for table in NUMBERED:
        with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": autoincrement}):
            pass
