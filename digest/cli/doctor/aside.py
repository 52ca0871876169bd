"""Readers who get no digest because something of theirs cannot be read or reckoned with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, warning
from digest.store import planning
from digest.store.engine import StoreUnready

LATELY = timedelta(days=7)
MOST_NAMED = 5


def look(service: Service) -> Iterator[Finding]:
    try:
        found = planning.set_aside(service.engine, service.now - LATELY)
    except (SQLAlchemyError, StoreUnready):
        return  # The database is told of elsewhere.
    if not found:
        return
    named = "; ".join(f"reader {one.reader_id}: {one.reason}" for one in found[:MOST_NAMED])
    more = f"; and {len(found) - MOST_NAMED} more, in `digest stats`" if len(found) > MOST_NAMED else ""
    yield warning("set aside", f"{named}{more}", "correct what is named there: these get no digest until then")
