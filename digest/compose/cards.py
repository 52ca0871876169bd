"""A paper as its readers see it: printed once for all who have it for the same reasons. Refuses to know any reader.

Of a card, only the address under "Save", "More" and "Less" is its reader's own: it goes between the pieces.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from jinja2 import Environment

from digest.compose import facts, marking, wording
from digest.compose.forms import Blank, Encode, Form, Pieces, Shape, form, shape
from digest.compose.lead import Lead, lead
from digest.domain import Paper, Pick

# The best papers lead with all of a summary, the others with a sentence.
LONG_LEAD, SHORT_LEAD = 420, 260
LONGEST_ENTRY = 120
# A pace at which people read what they choose from.
WORDS_A_MINUTE = 200
# A busy day's cards for every mix of topics that readers share; 3 kB each. 100,000 readers of a day see 2,500.
KEEP_CARDS = 1024
# The papers of a busy day, before their cards are marked; 8 kB each.
KEEP_FORMS = 256
# The papers of a busy day, at each place of a list; half a kB each.
KEEP_ENTRIES = 1024
# An address of a reader's own page, quoted.
OWN_PAGE_BYTES = 180
# The papers of a busy week; 200 bytes each.
KEEP_PAGES = 4096
# Stands in a card for the address of its reader's own page while the card is written; no text of ours has it.
OWN_PAGE = b"\0"


class Level(StrEnum):
    """How much is said of a paper: all, less, or its title in a line."""

    FULL = "full"
    BRIEF = "brief"
    LINE = "line"


ENDS = "txt", "html"
TEMPLATES = {
    Level.FULL: ("card.txt", "card.html"),
    Level.BRIEF: ("card.txt", "brief.html"),
    Level.LINE: ("line.txt", "line.html"),
}


class CardStyle(NamedTuple):
    """What a card's looks depend on beside its paper: how much it says, what it stands under, what readers chose."""

    level: Level = Level.FULL
    # Under a heading of its topic, a paper's title is a heading of the third rank.
    grouped: bool = False
    # The topic that is named above it already.
    under: str = ""
    weekly: bool = False
    pictures: bool = False
    # One that is its reader's own leads to a page where they say what they make of it.
    own: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """One paper, quoted, with a blank wherever its reader's own page goes; how many words and bytes it has."""

    text: Pieces
    html: Pieces
    words: int
    size: int

    @property
    def is_own(self) -> bool:
        return len(self.html) > 1


class Cards:
    """The cards of one service."""

    def __init__(self, pages: Environment, encode: Encode) -> None:
        self._pages, self._encode = pages, encode
        self._forms = lru_cache(KEEP_FORMS)(self._open)
        self.card = lru_cache(KEEP_CARDS)(self._card)
        self.entry = lru_cache(KEEP_ENTRIES)(self._entry)

    def _card(self, pick: Pick, style: CardStyle) -> Card:
        """Fill in what depends on the reader's topics."""
        told = Lead([]) if style.level is Level.LINE else lead(pick, _most(style.level))
        values = {"title": marking.title(pick), "lead": told.runs, "topics": facts.topics(pick, style.under)}
        page = OWN_PAGE if style.own and facts.can_be_named(pick.paper) else b""
        # What it stands under is in none but the topics, which are left open.
        looks, blanks = style._replace(under=""), shape({**values, "own_page": page})
        text, html = self._forms(pick.paper, facts.who(pick), told.label, looks, blanks)
        filled = {**values, "own_page": page}
        written, rich = text.filled(filled), html.filled(filled)
        words = sum(len(run.text.split()) for run in (*values["title"], *told.runs))
        size = len(rich) + (OWN_PAGE_BYTES - len(OWN_PAGE)) * rich.count(OWN_PAGE)
        blank = own_page(pick.paper.id)
        return Card(_left_open(written, blank), _left_open(rich, blank), words, size)

    def _open(self, paper: Paper, who: str, label: str, style: CardStyle, blanks: Shape) -> tuple[Form, Form]:
        """Print what all readers of a paper see of it."""
        said = {
            "anchor": anchor(paper),
            "level": style.level,
            "rank": 3 if style.grouped else 2,
            "when": facts.when(paper, weekly=style.weekly),
            "upvotes": paper.upvotes,
            "who": who,
            "label": label,
            "page": wording.page(paper),
            "picture": wording.picture(paper) if style.pictures and style.level is Level.FULL else "",
            "links": facts.links(paper),
        }
        names = TEMPLATES[style.level]
        text, html = (form(self._pages.get_template(f"digest/{name}"), said, blanks, self._encode) for name in names)
        return text, html

    def _entry(self, paper: Paper, place: int) -> tuple[bytes, bytes]:
        """Print a line of the contents: text and HTML."""
        said = {"title": marking.shortened(paper.title, LONGEST_ENTRY), "anchor": anchor(paper), "place": place}
        text, html = (self._pages.get_template(f"digest/entry.{end}").render(said) for end in ENDS)
        return self._encode(text), self._encode(html)


@lru_cache(KEEP_PAGES)
def own_page(paper_id: str) -> Blank:
    """Name the blank for the address of a reader's own page about a paper."""
    return Blank(f"the page of {paper_id}", [])


def _left_open(card: bytes, page: Blank) -> Pieces:
    """Put a blank wherever the address of a page of its reader's own goes."""
    return Pieces([each for part in card.split(OWN_PAGE) for each in (part, page)][:-1])


def _most(level: Level) -> int:
    return LONG_LEAD if level is Level.FULL else SHORT_LEAD


def anchor(paper: Paper) -> str:
    """Name the place of a paper within a mail."""
    plain = re.sub(r"[./]", "-", paper.id)
    return f"p{plain}" if re.fullmatch(r"[a-z0-9-]{1,40}", plain, re.ASCII) else f"p{crc32(repr(paper.id).encode()):x}"


def reading_time(cards: Collection[Card]) -> int:
    """Say how many minutes the cards take."""
    return max(1, round(sum(card.words for card in cards) / WORDS_A_MINUTE))
