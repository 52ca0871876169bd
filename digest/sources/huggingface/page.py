"""A Daily Papers page: the JSON inside it, or its cards, as records shaped like the API's.

Class names change every few months, so everything is found by structure and by where links lead. The page is cut into
its cards before any of it is parsed: the parser takes a minute for 100,000 `<div>` inside each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.sources.documents import gist, json_of
from digest.sources.exchange import Answer, Unbelievable, WrongDay
from digest.sources.huggingface.records import mapping
from digest.text import plain

_CARD_LINK = 'h3 a[href^="/papers/"]'
_TARGET = re.compile(rb"""data-target\s?=\s?(["']?)DailyPapers\1(?=[\s/>])""")
# A tag to its end, with `>` inside quotes; possessive, so that an unclosed quote is given up at once.
_TAG = re.compile(rb"""<div\b(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_ARTICLE_END = b"</article>"
# Each real card has some 60 tags in 16 kB, and a long day has 50, each twice.
MOST_TARGETS = 5
MOST_CARDS, MOST_CARD_BYTES, MOST_CARD_TAGS = 300, 64 * 1024, 500


def html_of(day: date, page: Answer) -> bytes:
    """Return the page; raise WrongDay where it is another day's."""
    body = page.whole()
    path = urlsplit(page.url).path
    if not path.endswith(f"/{day}"):
        raise WrongDay(f"there is no {day}: the page led to {plain(path)[:80]}")
    return body


def embedded(day: date, html: bytes) -> list[object]:
    """Read the JSON that the page is made from."""
    props = mapping(json_of(_data_props(html)))
    shown, records = props.get("date"), props.get("dailyPapers")
    if isinstance(shown, str) and not shown.startswith(str(day)):
        raise WrongDay(f"there is no {day}: the page shows {plain(shown)[:10]}")
    if not isinstance(records, list):
        raise Unbelievable("no list of papers in the embedded JSON")
    return records


def cards(_: date, html: bytes) -> list[object]:
    """Read what the cards show: little, but the right papers."""
    cards = [_card(card, link) for card in _articles(html) if (link := card.css_first(_CARD_LINK))]
    if not cards:
        raise Unbelievable(f"no cards but {gist(html)}")
    return list(cards)


def _data_props(html: bytes) -> bytes:
    for target in islice(_TARGET.finditer(html), MOST_TARGETS):
        tag = _TAG.match(html, max(0, html.rfind(b"<div", 0, target.start())))
        if tag and (found := _parsed(tag.group()).css_first('div[data-target="DailyPapers"][data-props]')):
            return (found.attributes["data-props"] or "").encode(errors="replace")
    raise Unbelievable("no embedded papers")


def _articles(html: bytes) -> Iterator[LexborHTMLParser]:
    """Yield the cards, each parsed by itself; one that is far too large is left out."""
    for piece in html.split(b"<article", MOST_CARDS)[1 : MOST_CARDS + 1]:
        card = piece[:MOST_CARD_BYTES].partition(_ARTICLE_END)[0]
        if card.count(b"<") <= MOST_CARD_TAGS:
            yield _parsed(b"<article" + card + _ARTICLE_END)


def _parsed(html: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(html.decode(errors="replace"))


def _card(card: LexborHTMLParser, link: LexborNode) -> dict[str, object]:
    upvotes = _number(card.css('a[href^="/login?next=%2Fpapers%2F"]'))
    paper = {"id": (link.attributes["href"] or "").removeprefix("/papers/"), "upvotes": upvotes}
    return {"paper": paper, "title": link.text(), "numComments": _number(card.css('a[href$="#community"]'))}


def _number(links: list[LexborNode]) -> int | None:
    """Read a count; None where none can be read, for that is not zero."""
    texts = (link.text().strip() for link in links)
    return next((int(text) for text in texts if text.isdecimal() and len(text) < 7), None)
