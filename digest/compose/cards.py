"""A paper as its readers see it: printed once for all who have it for the same reasons. Refuses to know any reader."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from jinja2 import Environment

from digest.compose import marking, wording
from digest.compose.forms import Encode, Form, Shape, form, shape
from digest.domain import Paper, Pick

# The best papers get a short abstract, the others a sentence.
LONG_EXCERPT, SHORT_EXCERPT = 420, 180
# A busy day's cards for every mix of topics that readers share; 4.5 kB each.
KEEP_CARDS = 16_384
# The papers of a busy week, before their cards are marked; 8 kB each.
KEEP_FORMS = 1024


class CardStyle(NamedTuple):
    """What a card's looks depend on beside its paper: its place, the reader's year, and what they chose."""

    full: bool
    year: int
    weekly: bool
    pictures: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One paper, quoted."""

    text: bytes
    html: bytes


class Cards:
    """The cards of one service."""

    def __init__(self, pages: Environment, encode: Encode) -> None:
        self._pages, self._encode = pages, encode
        self._forms = lru_cache(KEEP_FORMS)(self._open)
        self.card = lru_cache(KEEP_CARDS)(self._card)

    def _card(self, pick: Pick, full: bool, year: int, weekly: bool = False, pictures: bool = False) -> Card:
        """Fill in what depends on the reader's topics."""
        values = {
            "title": marking.title(pick),
            "excerpt": marking.excerpt(pick, LONG_EXCERPT if full else SHORT_EXCERPT),
            "because": wording.because(pick.reasons),
        }
        look = CardStyle(full, year, weekly, pictures)
        text, html = self._forms(pick.paper, wording.byline(pick), look, shape(values))
        return Card(text.filled(values), html.filled(values))

    def _open(self, paper: Paper, byline: str, look: CardStyle, blanks: Shape) -> tuple[Form, Form]:
        """Print what all readers of a paper see of it."""
        said = {
            "byline": byline,
            "page": wording.page(paper),
            "facts": wording.facts(paper, look.year, weekly=look.weekly),
            "picture": wording.picture(paper) if look.pictures else "",
            "links": wording.links(paper),
        }
        names = "digest/card.txt", "digest/card.html" if look.full else "digest/brief.html"
        text, html = (form(self._pages.get_template(name), said, blanks, self._encode) for name in names)
        return text, html
