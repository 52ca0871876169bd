"""Third step: before any mail goes, what it brings stands in the ledger, and the lease on it is new."""

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


def freeze(engine: Engine, drafts: Sequence[Draft], now: datetime) -> list[Mail]:
    """Write down what each mail brings; return the mails of those that are still ours, which may go."""
    written = [(draft.delivery, draft.papers, draft.beside) for draft in drafts if draft.mail]
    ours = outcomes.freeze(engine, written, now + LEASE)
    return [draft.mail for draft in drafts if draft.mail and draft.delivery.id in ours]


class Going:
    """A group on its way: which of its mails may be begun, and until when."""

    def __init__(self, engine: Engine, clock: Clock, group: Sequence[Delivery]) -> None:
        self._engine, self._clock = engine, clock
        self._group = {delivery.id: delivery for delivery in group}
        self._last = clock() + LAST_BEGINNING

    def begin(self, mails: Sequence[Mail]) -> set[int]:
        """Note that these may be on their way; while the ledger is away, none begins."""
        held = [self._group[mail.delivery_id] for mail in mails]
        return patiently(lambda: outcomes.begin(self._engine, held))

    def was_unanswered(self, mail: Mail) -> bool:
        """Whether nobody knows what became of it the last time. It has one more, with nothing in its way."""
        return self._group[mail.delivery_id].unanswered > 0

    def may_begin(self) -> bool:
        return self._clock() < self._last
