"""A digest as a page: what was sent, and behind it what else fitted. Changes nothing."""

from __future__ import annotations

from threading import Lock

from sqlalchemy import Engine

from digest.compose import Composer, opened
from digest.domain import Delivery, Selection
from digest.jobs.editions import Editions, chosen_again, related_again

# A page is not cut off as a mail is.
MOST_PAGE_BYTES = 2_000_000
# People open the digest of today, or that of this week.
KEEP_INDEXES = 8


class DigestPages:
    """The digests that were sent, as pages."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        self._composer = composer
        self._editions = Editions(engine, keep=KEEP_INDEXES)
        # An index is for one at a time: it learns.
        self._lock = Lock()

    def show(self, delivery: Delivery) -> str:
        """The HTML of a digest, with the papers that its "and N more" promised."""
        with self._lock:
            edition = self._editions.gather([delivery])[delivery.id]
            chosen, others = chosen_again(delivery, edition)
        shown = Selection((*chosen, *others), related=related_again(delivery, edition))
        listed = len(edition.papers)
        mail = self._composer.digest(
            delivery, shown, listed=listed, days=edition.days, most_bytes=MOST_PAGE_BYTES, shared=True
        )
        return opened(mail.content).html
