"""A random key for each reader, which links name them by; pauses that end, and more to choose."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from digest.store.columns import Moment, Number, RandomKey

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ASKED = sa.text("mailbox <> ''")


def upgrade() -> None:
    _check_foreign_keys()
    # SQLite adds a column whose default is drawn only by copying the table.
    with op.batch_alter_table("readers", table_kwargs={"sqlite_autoincrement": True}) as readers:
        readers.add_column(sa.Column("weekday", sa.Integer(), server_default="0", nullable=False))
        readers.add_column(sa.Column("order", sa.Text(), server_default="mixed", nullable=False))
        readers.add_column(sa.Column("related", sa.Boolean(), server_default=sa.false(), nullable=False))
        readers.add_column(sa.Column("paused_until", Moment(), nullable=True))
        readers.add_column(sa.Column("key", sa.Text(), server_default=RandomKey(), nullable=False))
        readers.create_unique_constraint(op.f("uq_readers_key"), ["key"])
    op.create_table(
        "old_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reader_id", Number, nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_old_keys")),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], op.f("fk_old_keys_reader_id"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_old_keys_reader_id"), "old_keys", ["reader_id"])
    _believe_what_was_sent()
    op.add_column("deliveries", sa.Column("mailbox", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_deliveries_asked", "deliveries", ["due_at", "mailbox"], postgresql_where=ASKED, sqlite_where=ASKED
    )
    op.add_column("bounces", sa.Column("effect", sa.Text(), server_default="", nullable=False))


def _believe_what_was_sent() -> None:
    """Links in mails sent until now name their reader by number: those readers alone, and those mails alone."""
    until = sa.bindparam("until", datetime.now(UTC), type_=Moment())
    op.get_bind().execute(
        sa.text(
            "INSERT INTO old_keys (key, reader_id, until, opens) SELECT CAST(id AS TEXT), id, :until, :yes FROM readers"
        ).bindparams(until, yes=True)
    )


def downgrade() -> None:
    _check_foreign_keys()
    op.drop_column("bounces", "effect")
    op.drop_index("ix_deliveries_asked", table_name="deliveries")
    op.drop_column("deliveries", "mailbox")
    op.drop_table("old_keys")
    with op.batch_alter_table("readers", table_kwargs={"sqlite_autoincrement": True}) as readers:
        readers.drop_constraint(op.f("uq_readers_key"), type_="unique")
        for column in ("key", "paused_until", "related", "order", "weekday"):
            readers.drop_column(column)


def _check_foreign_keys() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite" and bind.exec_driver_sql("PRAGMA foreign_keys").scalar():
        # A table is copied by dropping the old one, which would delete what belongs to its rows.
        raise RuntimeError("foreign keys are on: use `digest migrate`")
