"""Before and beside the rounds: write down who is due, free what was lost, look ahead, tidy up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from digest.jobs.delivery import draft
from digest.jobs.delivery.dispatcher import Dispatcher
from digest.jobs.delivery.draft import Draft
from digest.jobs.editions import Editions
from digest.readers import schedule
from digest.store import editions, ledger, planning

# As long as the page behind a mail shows what the mail showed, and far longer than any mail is sent again.
KEEP_EDITIONS = timedelta(days=30)


def plan(engine: Engine, now: datetime) -> int:
    """Write down the digest of everybody who is due; return how many."""
    return planning.plan(engine, now, schedule.MOST_CATCH_UP, schedule.next_due)


def dry_run(engine: Engine, post: Dispatcher) -> list[Draft]:
    """What planning and delivering would write now, without changing anything."""
    due = planning.dry_run(engine, post.clock(), schedule.MOST_CATCH_UP, schedule.next_due, post.resend_uncertain)
    found = Editions(engine).gather(due)
    return [draft.draft_safely(delivery, found.get(delivery.id), post) for delivery in due]


def sweep(engine: Engine, now: datetime) -> int:
    """Free what a dead worker held, to be sent again with the same Message-ID; return how many."""
    return ledger.release_lost(engine, now)


def tidy(engine: Engine, now: datetime) -> int:
    """Let go of editions that nobody will look at again; return how many."""
    return editions.drop(engine, now - KEEP_EDITIONS)
