"""The indexes that each database words for itself. Only whoever makes or compares the schema imports them.

SQLAlchemy loads its dialects of PostgreSQL to read `postgresql_where`: a tenth of the start of a command on SQLite.
"""

from __future__ import annotations

from sqlalchemy import Index, text

from digest.store.tables import ASKED, FAILED, OPEN, PUT_ASIDE, TAKEN_BY_AN_API, deliveries

# What is over and done with, nearly all of the ledger, is not in them.
Index(
    "ix_deliveries_open",
    deliveries.c.next_attempt_at,
    deliveries.c.id,
    postgresql_where=text(OPEN),
    sqlite_where=text(OPEN),
)
Index(
    "ix_deliveries_asked",
    deliveries.c.due_at,
    deliveries.c.mailbox,
    postgresql_where=text(ASKED),
    sqlite_where=text(ASKED),
)
# Who sends by SMTP has nothing in it, and pays nothing for it.
Index(
    "ix_deliveries_taken_by_an_api",
    deliveries.c.reason,
    postgresql_where=text(TAKEN_BY_AN_API),
    sqlite_where=text(TAKEN_BY_AN_API),
)
Index("ix_deliveries_failed", deliveries.c.due_at, postgresql_where=text(FAILED), sqlite_where=text(FAILED))
Index("ix_deliveries_set_aside", deliveries.c.due_at, postgresql_where=text(PUT_ASIDE), sqlite_where=text(PUT_ASIDE))
# For the account of the last days. The rows lie by it already, so PostgreSQL needs next to nothing for it.
Index(None, deliveries.c.due_at, postgresql_using="brin")
