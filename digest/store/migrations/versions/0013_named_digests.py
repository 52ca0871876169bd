"""Several digests of one address, told apart by their names: an address alone is unique no longer."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from digest.store.columns import RandomKey

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ONCE, EACH = "uq_readers_email_key", "uq_readers_email_key_name"
# SQLite drops a constraint by copying the table. What it says of a default that is drawn cannot be said to it again.
KEY = sa.Column("key", sa.Text(), server_default=RandomKey(), nullable=False)
COPIED: dict[str, Any] = {"reflect_args": [KEY], "table_kwargs": {"sqlite_autoincrement": True}}


def upgrade() -> None:
    _check_foreign_keys()
    with op.batch_alter_table("readers", **COPIED) as readers:
        readers.add_column(sa.Column("name", sa.Text(), server_default="", nullable=False))
        readers.drop_constraint(op.f(ONCE), type_="unique")
        readers.create_unique_constraint(op.f(EACH), ["email_key", "name"])


def downgrade() -> None:
    _check_foreign_keys()
    twice = "SELECT count(*) FROM (SELECT 1 FROM readers GROUP BY email_key HAVING count(*) > 1) AS several"
    if several := op.get_bind().execute(sa.text(twice)).scalar_one():
        # Nobody but the readers can say which of their digests should be lost.
        raise RuntimeError(f"{several} addresses have several digests, and the version below knows one of each")
    with op.batch_alter_table("readers", **COPIED) as readers:
        readers.drop_constraint(op.f(EACH), type_="unique")
        readers.create_unique_constraint(op.f(ONCE), ["email_key"])
        readers.drop_column("name")


def _check_foreign_keys() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite" and bind.exec_driver_sql("PRAGMA foreign_keys").scalar():
        # A table is copied by dropping the old one, which would delete what belongs to its rows.
        raise RuntimeError("foreign keys are on: use `digest migrate`")
