"""Several digests of one address, told apart by their names: an address alone is unique no longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from digest.store.columns import RandomKey

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

ONCE, EACH = "uq_readers_email_key", "uq_readers_email_key_name"
# SQLite drops a constraint by copying the table. What it says of a default that is drawn cannot be said to it again.
KEY = sa.Column("key", sa.Text(), server_default=RandomKey(), nullable=False)
LAST = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'readers'")
COPIED: dict[str, Any] = {"reflect_args": [KEY], "table_kwargs": {"sqlite_autoincrement": True}}


def upgrade() -> None:
    _check_foreign_keys()
    with _copied() as readers:
        readers.add_column(sa.Column("name", sa.Text(), server_default="", nullable=False))
        readers.drop_constraint(op.f(ONCE), type_="unique")
        readers.create_unique_constraint(op.f(EACH), ["email_key", "name"])


def downgrade() -> None:
    _check_foreign_keys()
    twice = "SELECT count(*) FROM (SELECT 1 FROM readers GROUP BY email_key HAVING count(*) > 1) AS several"
    if several := op.get_bind().execute(sa.text(twice)).scalar_one():
        # Nobody but the readers can say which of their digests should be lost.
        raise RuntimeError(f"{several} addresses have several digests, and the version below knows one of each")
    with _copied() as readers:
        readers.drop_constraint(op.f(EACH), type_="unique")
        readers.create_unique_constraint(op.f(ONCE), ["email_key"])
        readers.drop_column("name")


@contextmanager
def _copied() -> Iterator[BatchOperations]:
    """Change the table; SQLite copies it, and would number anew from the highest that is left in the copy."""
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    last = bind.execute(LAST).scalar_one_or_none() if sqlite else None
    with op.batch_alter_table("readers", **COPIED) as readers:
        yield readers
    if last is not None:
        bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'readers'"))
        bind.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('readers', :last)"), {"last": last})


def _check_foreign_keys() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite" and bind.exec_driver_sql("PRAGMA foreign_keys").scalar():
        # A table is copied by dropping the old one, which would delete what belongs to its rows.
        raise RuntimeError("foreign keys are on: use `digest migrate`")
