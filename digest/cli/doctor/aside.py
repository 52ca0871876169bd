"""Readers who get no digest, or whose old mails stay, because something of theirs cannot be read or reckoned with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, warning
from digest.store import folding, planning
from digest.store.engine import StoreUnready

LATELY = timedelta(days=7)
MOST_NAMED = 5


def look(service: Service) -> Iterator[Finding]:
    try:
        found = planning.set_aside(service.engine, service.now - LATELY)
        unfolded = folding.passed_over(service.engine)
    except (SQLAlchemyError, StoreUnready):
        return  # The database is told of elsewhere.
    if unfolded:
        yield warning("old mails", f"they stay, of {_readers(unfolded)}", "see `retention.set_aside` in the log")
    if not found:
        return
    named = "; ".join(f"reader {one.reader_id}: {one.reason}" for one in found[:MOST_NAMED])
    more = f"; and {len(found) - MOST_NAMED} more, in `digest stats`" if len(found) > MOST_NAMED else ""
    yield warning("set aside", f"{named}{more}", "correct what is named there: these get no digest until then")


def _readers(numbers: Sequence[int]) -> str:
    named = ", ".join(f"reader {number}" for number in numbers[:MOST_NAMED])
    return f"{named} and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else named
