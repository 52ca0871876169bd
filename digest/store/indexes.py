"""The indexes that each database words for itself. Only whoever makes or compares the schema imports them.

SQLAlchemy loads its dialects of PostgreSQL to read `postgresql_where`: a tenth of the start of a command on SQLite.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, text

from digest.store.tables import (
    ASKED,
    FAILED,
    OPEN,
    PUT_ASIDE,
    TAKEN_BY_AN_API,
    UNKNOWN,
    UNPLANNED,
    deliveries,
    readers,
)


def _only(where: str, name: str, *columns: Column[Any]) -> None:
    """Index these rows alone. Whoever asks in the same words has it, in both databases."""
    Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


# What is over and done with, nearly all of the ledger, is not in them.
_only(OPEN, "ix_deliveries_open", deliveries.c.next_attempt_at, deliveries.c.id)
_only(ASKED, "ix_deliveries_asked", deliveries.c.due_at, deliveries.c.mailbox)
# Who sends by SMTP has nothing in it, and pays nothing for it.
_only(TAKEN_BY_AN_API, "ix_deliveries_taken_by_an_api", deliveries.c.reason)
# What is rare.
_only(FAILED, "ix_deliveries_failed", deliveries.c.due_at)
_only(PUT_ASIDE, "ix_deliveries_set_aside", deliveries.c.due_at)
_only(UNKNOWN, "ix_deliveries_unknown", deliveries.c.state)
_only(UNPLANNED, "ix_readers_set_aside", readers.c.id)
# For the account of the last days. The rows lie by it already, so PostgreSQL needs next to nothing for it.
Index(None, deliveries.c.due_at, postgresql_using="brin", postgresql_with={"autosummarize": True})
