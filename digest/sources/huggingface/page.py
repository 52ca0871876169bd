"""A Daily Papers page: the JSON inside it, or its cards, as records shaped like the API's.

Class names change every few months, so everything is found by structure and by where links lead.
"""

from __future__ import annotations

import json
import re
from datetime import date
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.sources.exchange import Answer, Unbelievable, WrongDay
from digest.sources.huggingface.records import mapping
from digest.text import plain

_CHALLENGE = re.compile(r"challenge|captcha|javascript is disabled|enable javascript", re.IGNORECASE)
_CARD_LINK = 'h3 a[href^="/papers/"]'


def parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unbelievable(f"not JSON but {_gist(body.decode(errors='replace'))}") from None


def tree(day: date, page: Answer) -> LexborHTMLParser:
    body = page.whole()
    path = urlsplit(page.url).path
    if not path.endswith(f"/{day}"):
        raise WrongDay(f"there is no {day}: the page led to {plain(path)[:80]}")
    return LexborHTMLParser(body.decode(errors="replace"))


def embedded(day: date, html: LexborHTMLParser) -> list[object]:
    found = html.css_first('div[data-target="DailyPapers"][data-props]')
    if not found:
        raise Unbelievable("no embedded papers")
    props = mapping(parsed((found.attributes["data-props"] or "").encode(errors="replace")))
    shown, records = props.get("date"), props.get("dailyPapers")
    if isinstance(shown, str) and not shown.startswith(str(day)):
        raise WrongDay(f"there is no {day}: the page shows {plain(shown)[:10]}")
    if not isinstance(records, list):
        raise Unbelievable("no list of papers in the embedded JSON")
    return records


def cards(_: date, html: LexborHTMLParser) -> list[object]:
    cards = [(card, link) for card in html.css("article") if (link := card.css_first(_CARD_LINK))]
    if not cards:
        raise Unbelievable(f"no cards but {_gist(html.html or '')}")
    return [_card(card, link) for card, link in cards]


def _card(card: LexborNode, link: LexborNode) -> dict[str, object]:
    upvotes = _number(card.css('a[href^="/login?next=%2Fpapers%2F"]'))
    paper = {"id": (link.attributes["href"] or "").removeprefix("/papers/"), "upvotes": upvotes}
    return {"paper": paper, "title": link.text(), "numComments": _number(card.css('a[href$="#community"]'))}


def _number(links: list[LexborNode]) -> int:
    texts = (link.text().strip() for link in links)
    return next((int(text) for text in texts if text.isdecimal() and len(text) < 7), 0)


def _gist(text: str) -> str:
    """Say in a few words what came instead."""
    return "a script challenge" if _CHALLENGE.search(text[:5000]) else f"`{plain(text[:500])[:60]}`"
