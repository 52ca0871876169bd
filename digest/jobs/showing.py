"""A digest as a page: what was sent, and behind it what else fitted. Changes nothing."""

from __future__ import annotations

from sqlalchemy import Engine

from digest.compose import Composer, opened
from digest.domain import Delivery, Selection
from digest.jobs.editions import Editions, chosen_again

# A page is not cut off as a mail is.
MOST_PAGE_BYTES = 2_000_000


def as_page(engine: Engine, delivery: Delivery, composer: Composer) -> str:
    """The HTML of a digest, with the papers that its "and N more" promised."""
    edition = Editions(engine).gather([delivery])[delivery.id]
    chosen, others = chosen_again(delivery, edition)
    shown = Selection((*chosen, *others))
    mail = composer.digest(delivery, shown, listed=len(edition.index.papers), most_bytes=MOST_PAGE_BYTES, shared=True)
    return opened(mail.content).html
