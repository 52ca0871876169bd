"""The arXiv feed: one day's new and cross-listed papers of some categories. It knows its latest day and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from digest.domain import Listing, Paper
from digest.sources.exchange import Exchange, FetchResult, Request, Source, Unbelievable, Unreadable, moment, person
from digest.text import plain, storable

_ID = re.compile(r"(?:\A|[:/])(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?\Z", re.ASCII)
# arXiv's day begins at midnight in New York, when the feed is made.
ZONE = "America/New_York"
MOST_ENTRIES = 2_000
_LISTED_TYPES = ("new", "cross")
_ATOM, _DC, _ARXIV = (
    "{http://www.w3.org/2005/Atom}",
    "{http://purl.org/dc/elements/1.1/}",
    "{http://arxiv.org/schemas/atom}",
)
_PREFIX = re.compile(r"arXiv:\S+ Announce Type: (\S+)\s+Abstract:\s*")


def source(categories: Sequence[str]) -> Source:
    """Make the source for these categories, such as `cs.CL`."""
    return Source("arxiv", "https://rss.arxiv.org", partial(ask, tuple(categories)), looks_back=False, zone=ZONE)


def arxiv_id(text: str) -> str:
    """Return the id at the end of an id, address or OAI name, without its version; an empty string if there is none."""
    found = _ID.search(text)
    return found[1] if found else ""


def ask(categories: tuple[str, ...], day: date) -> Exchange:
    """Ask for the feed, and believe it for its own day only."""
    answer = yield Request(f"/atom/{'+'.join(quote(category) for category in categories)}")
    try:
        return read(answer.whole(), day)
    except Unbelievable as why:
        return FetchResult(problem=str(why))


def read(body: bytes, day: date) -> FetchResult:
    """Read a feed, or an answer of arXiv's query API; raise Unbelievable unless it is an Atom feed of that day."""
    feed = _parsed(body)
    entries = feed.findall(f"{_ATOM}entry")
    shown = max(filter(None, map(_day, entries)), default=None) or _day(feed, "updated")
    if shown != day:
        raise Unbelievable(f"the arXiv feed only holds {shown or 'an unknown day'}, not {day}")
    found: dict[str, Listing] = {}
    dropped: list[str] = []
    for place, entry in enumerate(entries, 1):
        try:
            if _type(entry) in _LISTED_TYPES:
                paper = _paper(entry)
                found.setdefault(paper.id, Listing("arxiv", day, 1 + len(found), paper))
        except Unreadable as why:
            dropped.append(f"entry {place}: {why}")
    if dropped and not found:
        raise Unbelievable(f"none of {len(entries)} entries can be read, {dropped[0]}")
    full = (
        (f"the feed ends at {MOST_ENTRIES} entries: ask for fewer categories",) if len(entries) >= MOST_ENTRIES else ()
    )
    return FetchResult(tuple(found.values()), "feed", notes=full, dropped=tuple(dropped))


def _parsed(body: bytes) -> Element:
    try:
        feed: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unbelievable(f"not an Atom feed: {plain(str(error))[:100]}") from None
    if feed.tag != f"{_ATOM}feed":
        raise Unbelievable(f"not an Atom feed but <{plain(feed.tag)[:60]}>")
    return feed


def _paper(entry: Element) -> Paper:
    raw_id, title, summary = (entry.findtext(f"{_ATOM}{name}", "") for name in ("id", "title", "summary"))
    id = arxiv_id(raw_id.strip())
    if not id:
        raise Unreadable(f"{plain(raw_id)[:60]!r} is no arXiv id")
    if not plain(title):
        raise Unreadable(f"{id} has no title")
    abstract = _PREFIX.sub("", summary, count=1)
    return Paper(
        id,
        plain(title),
        plain(abstract),
        authors=tuple(filter(None, map(person, _authors(entry)))),
        # Of a cross-listed paper, the feed only knows when it was announced here.
        published_at=moment(entry.findtext(f"{_ATOM}published", "")) if _type(entry) == "new" else None,
        categories=tuple(filter(None, (plain(c.get("term", "")) for c in entry.iterfind(f"{_ATOM}category")))),
        original_title=storable(title),
        original_abstract=storable(abstract),
    )


def _type(entry: Element) -> str:
    """Return the announce type; the query API tells none, and answers with what is new."""
    told = _PREFIX.search(entry.findtext(f"{_ATOM}summary", ""))
    return entry.findtext(f"{_ARXIV}announce_type", told[1] if told else "new").strip()


def _authors(entry: Element) -> Iterator[str]:
    for creators in entry.iterfind(f"{_DC}creator"):
        # An affiliation stands in brackets, and has commas of its own.
        yield from re.sub(r"\([^()]*\)", "", creators.text or "").split(",")
    for author in entry.iterfind(f"{_ATOM}author"):
        yield author.findtext(f"{_ATOM}name", "")


def _day(element: Element, name: str = "published") -> date | None:
    when = moment(element.findtext(f"{_ATOM}{name}", ""))
    return when.astimezone(ZoneInfo(ZONE)).date() if when else None
