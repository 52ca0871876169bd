"""A digest again, as it was chosen: for the page that a link in the mail leads to. Changes nothing."""

from __future__ import annotations

from sqlalchemy import Engine

from digest.compose import Composer, opened
from digest.domain import Delivery, Pick, Selection
from digest.match import Index, select
from digest.profile import parse
from digest.store import papers

# A page is not cut off as a mail is.
MOST_PAGE_BYTES = 2_000_000


def as_page(engine: Engine, delivery: Delivery, composer: Composer) -> str:
    """The HTML of a digest that was sent. A paper that today's topics would not pick is there all the same."""
    known = {paper.id: paper for paper in papers.by_ids(engine, delivery.papers)}
    found = select(Index(known.values()), parse(delivery.reader.preferences.topics), limit=len(known))
    picks = {pick.paper.id: pick for pick in found.picks}
    shown = [picks.get(id) or Pick(known[id], 0, ()) for id in delivery.papers if id in known]
    mail = composer.digest(delivery, Selection(tuple(shown)), most_bytes=MOST_PAGE_BYTES)
    return opened(mail.content).html
