"""Third step: before any mail goes, what it brings stands in the ledger, together with that it may be on its way.

A portion at a time, as it is its turn: what was not begun is not frozen either, and is drafted anew by whoever is next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from digest.domain import Delivery, Mail
from digest.jobs.delivery.dispatcher import Clock
from digest.jobs.delivery.draft import Draft
from digest.jobs.delivery.patience import patiently
from digest.store import outcomes
from digest.store.ledger import LEASE

# A mail's reply may take ten minutes after its last dot, and three before it (RFC 5321 4.5.3.2).
LAST_BEGINNING = LEASE - timedelta(minutes=15)
# The lease of a group that was claimed so lately is not renewed: a row whose moment stays need not move in its indexes.
NEW_FOR = timedelta(seconds=10)


class Going:
    """A group on its way: which of its mails may be begun, and until when."""

    def __init__(self, engine: Engine, clock: Clock, drafts: Sequence[Draft], claimed_at: datetime) -> None:
        self._engine, self._clock = engine, clock
        # Without the mails themselves, which go one by one.
        self._brings = {each.delivery.id: (each.delivery, each.papers, each.beside) for each in drafts if each.mail}
        now = clock()
        since = claimed_at if now - claimed_at < NEW_FOR else now
        self._until, self._last = since + LEASE, since + LAST_BEGINNING
        # What was this worker's no more, or whose reader had changed, when its turn came.
        self.late: list[Delivery] = []

    def begin(self, mails: Sequence[Mail]) -> set[int]:
        """Write down what these bring and that they may be on their way; answer which of them still may.

        While the ledger is away, none begins.
        """
        chosen = [self._brings[mail.delivery_id] for mail in mails]
        ours = patiently(lambda: outcomes.begin(self._engine, chosen, self._until))
        self.late += [delivery for delivery, *_ in chosen if delivery.id not in ours]
        return ours

    def was_unanswered(self, mail: Mail) -> bool:
        """Whether nobody knows what became of it the last time. It has one more, with nothing in its way."""
        return self._brings[mail.delivery_id][0].unanswered > 0

    def may_begin(self) -> bool:
        return self._clock() < self._last
