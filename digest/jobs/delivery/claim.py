"""First step: take a group of what waits, for this worker alone, and give back what it did not begin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from digest.domain import Delivery
from digest.jobs.delivery.dispatcher import Dispatcher
from digest.jobs.delivery.draft import Draft, draft_all
from digest.jobs.delivery.patience import patiently
from digest.jobs.editions import Editions
from digest.store import ledger, outcomes

# Of writing, until answers are looked at: shorter, and they trickle, each with a statement of its own; longer, and
# relays wait for us.
A_SLICE = 0.01


class Group:
    """Some deliveries that a worker holds, and their drafts. Nothing of it may go before it is frozen."""

    def __init__(self, engine: Engine, post: Dispatcher, most: int) -> None:
        self._engine, self._post, self.most = engine, post, most
        self.deliveries: list[Delivery] = []
        self.drafts: list[Draft] = []
        self.claimed_at = post.clock()
        self._number = ledger.draw_claim()
        self._is_prepared = False
        self._trouble: Exception | None = None

    @property
    def is_full(self) -> bool:
        """Whether more may wait."""
        return len(self.deliveries) == self.most

    async def prepare(self, editions: Editions) -> None:
        """Claim and write it while another group goes: a mail, then whatever else there is to do. Raises nothing.

        What it met is raised when its turn comes, as if it were met then. The lease counts from here.
        """
        try:
            await asyncio.to_thread(self._claim)
            found = await asyncio.to_thread(editions.gather, self.deliveries)
            since = time.monotonic()
            for draft in draft_all(self.deliveries, found, self._post):
                self.drafts.append(draft)
                if time.monotonic() - since > A_SLICE:
                    await asyncio.sleep(0)
                    since = time.monotonic()
            self._is_prepared = True
        except Exception as error:
            self._trouble = error

    def ready(self, editions: Editions) -> None:
        """Claim and write it now, if that is not done. Raises what the database raises."""
        if self._trouble:
            raise self._trouble
        if not self._is_prepared:
            self._claim()
            self.drafts = list(draft_all(self.deliveries, editions.gather(self.deliveries), self._post))

    def _claim(self) -> None:
        resend, self.claimed_at = self._post.resend_uncertain, self._post.clock()
        self.deliveries = ledger.claim(
            self._engine, self.most, self.claimed_at, resend_uncertain=resend, number=self._number
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Whatever ends the work on it, those of it that cannot have gone wait again at once."""
        try:
            yield
        except BaseException:
            self.give_back()
            raise

    def give_back(self) -> None:
        # Whether the claim itself was made, a database that went away in the middle of it did not say.
        patiently(lambda: outcomes.give_back(self._engine, self._number, self._post.clock()))
