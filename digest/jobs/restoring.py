"""After a backup was restored: the ledger of then, made fit for now. Sends nothing, and nothing is sent twice.

The ledger does not know what went since the backup. Whoever was due until now may have had their mail: it is called
uncertain, and not sent again. One digest may be missed so, and none comes twice.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from digest.jobs import delivery
from digest.store import backup


def settle(engine: Engine, now: datetime) -> int:
    """Plan who was due by now, so that their windows are covered, and doubt all that is open; return how many mails."""
    delivery.plan(engine, now)
    return backup.doubt(engine)
