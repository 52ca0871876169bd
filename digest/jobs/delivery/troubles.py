"""What the operator should know of delivering: who was set aside, and relays that mind our account or our name."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from digest.domain import SetAside
from digest.jobs import blame
from digest.jobs.blame import Blame
from digest.store import breakers, planning

LATELY = timedelta(days=1)
# A mail names some; `digest stats` names all.
MOST_NAMED = 5


def troubles(engine: Engine, now: datetime) -> dict[tuple[str, date], str]:
    """What is wrong, by cause and day, a line each."""
    found = {}
    if aside := planning.set_aside(engine, now - LATELY):
        found["readers are set aside", now.date()] = _aside(aside)
    for name, breaker in breakers.known(engine).items():
        if blame.of_words(breaker.reason) in (Blame.ACCOUNT, Blame.SENDER):
            found[f"{name} minds us", now.date()] = f"{name} stopped taking our mail: {breaker.reason}"
    return found


def _aside(aside: list[SetAside]) -> str:
    named = "; ".join(f"reader {one.reader_id}: {one.reason}" for one in aside[:MOST_NAMED])
    more = f"; and {len(aside) - MOST_NAMED} more" if len(aside) > MOST_NAMED else ""
    return f"{len(aside)} could not be planned or written: {named}{more}. `digest stats` names them."
