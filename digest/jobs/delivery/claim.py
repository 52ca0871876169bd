"""First step: take a group of what waits, for this worker alone, and give back what it did not begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from digest.domain import Delivery
from digest.jobs.delivery.dispatcher import Dispatcher
from digest.jobs.delivery.patience import patiently
from digest.store import ledger, outcomes


@contextmanager
def claimed(engine: Engine, post: Dispatcher, most: int) -> Iterator[list[Delivery]]:
    """Hold a group. Whatever ends the work on it, those of it that cannot have gone wait again at once."""
    number = ledger.draw_claim()
    try:
        yield ledger.claim(engine, most, post.clock(), resend_uncertain=post.resend_uncertain, number=number)
    except BaseException:
        # Whether the claim itself was made, a database that went away in the middle of it did not say.
        patiently(lambda: outcomes.give_back(engine, number, post.clock()))
        raise
