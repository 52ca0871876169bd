"""Third step: before any mail goes, what it brings stands in the ledger, and the lease on it is new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from digest.domain import Mail
from digest.jobs.delivery.draft import Draft
from digest.store import outcomes
from digest.store.ledger import LEASE


def freeze(engine: Engine, drafts: Sequence[Draft], now: datetime) -> list[Mail]:
    """Write down what each mail brings; return the mails of those that are still ours, which may go."""
    written = [(draft.delivery, draft.papers) for draft in drafts if draft.mail]
    ours = outcomes.freeze(engine, written, now + LEASE)
    return [draft.mail for draft in drafts if draft.mail and draft.delivery.id in ours]
