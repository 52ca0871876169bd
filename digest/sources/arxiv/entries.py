"""The entries of arXiv's feed and of its query API, which are alike: Atom, read as papers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from digest.domain import Listing, Paper
from digest.sources.documents import xml_of
from digest.sources.exchange import FetchResult, Unbelievable, Unreadable, labels, moment, people, records_read
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
ENTRY = f"{_ATOM}entry"
_PREFIX = re.compile(r"arXiv:\S+ Announce Type: (\S+)\s+Abstract:\s*")


def arxiv_id(text: str) -> str:
    """Return the id at the end of an id, address or OAI name, without its version; an empty string if there is none."""
    found = _ID.search(text)
    return found[1] if found else ""


def listings(entries: Sequence[Element], day: date) -> FetchResult:
    """Read entries as listings of a day, new and cross-listed papers only; raise Unbelievable if none can be read."""

    def listing(entry: Element, rank: int) -> Listing | None:
        return Listing("arxiv", day, rank, _paper(entry)) if _type(entry) in _LISTED_TYPES else None

    found, dropped = records_read(entries, listing, "entry")
    if dropped and not found:
        raise Unbelievable(f"none of {len(entries)} entries can be read, {dropped[0]}")
    return FetchResult(tuple(found.values()), dropped=tuple(map(str, dropped)))


def said_full(entries: int) -> str:
    """Say that a list is cut off, if it is."""
    return f"the list ends at {MOST_ENTRIES} entries: ask for fewer categories" if entries >= MOST_ENTRIES else ""


def atom(body: bytes) -> Element:
    """Read an Atom feed; raise Unbelievable for anything else."""
    feed = xml_of(body)
    if feed.tag != f"{_ATOM}feed":
        raise Unbelievable(f"not an Atom feed but <{plain(feed.tag)[:60]}>")
    return feed


def _paper(entry: Element) -> Paper:
    raw_id, title, summary = (entry.findtext(f"{_ATOM}{name}", "") for name in ("id", "title", "summary"))
    id = arxiv_id(raw_id.strip())
    if not id:
        raise Unreadable(f"{plain(raw_id)[:60]!r} is not an arXiv id")
    if not plain(title):
        raise Unreadable(f"{id} has no title")
    abstract = _PREFIX.sub("", summary, count=1)
    return Paper(
        id,
        plain(title),
        plain(abstract),
        authors=people(_authors(entry)),
        # Of a cross-listed paper, the feed only knows when it was announced here.
        published_at=published(entry) if _type(entry) == "new" else None,
        categories=labels(each.get("term", "") for each in entry.iterfind(f"{_ATOM}category")),
        original_title=storable(title),
        original_abstract=storable(abstract),
    )


def _type(entry: Element) -> str:
    """Return the announce type; the query API tells none, and answers with what is new."""
    told = _PREFIX.search(entry.findtext(f"{_ATOM}summary", ""))
    return entry.findtext(f"{_ARXIV}announce_type", told[1] if told else "new").strip()


def _authors(entry: Element) -> Iterator[str]:
    for creators in entry.iterfind(f"{_DC}creator"):
        yield from _without_brackets(creators.text or "").split(",")
    for author in entry.iterfind(f"{_ATOM}author"):
        yield author.findtext(f"{_ATOM}name", "")


def _without_brackets(text: str) -> str:
    """Leave out affiliations, which have commas and brackets of their own; a bracket that is never closed stays."""
    kept = [""]
    for piece in re.split(r"([()])", text):
        if piece == "(":
            kept.append("")
        elif piece == ")" and len(kept) > 1:
            kept.pop()
        else:
            kept[-1] += piece
    return "(".join(kept)


def published(entry: Element) -> datetime | None:
    """When an entry says it was published."""
    return moment(entry.findtext(f"{_ATOM}published", ""))


def day_of(element: Element, name: str = "published") -> date | None:
    when = moment(element.findtext(f"{_ATOM}{name}", ""))
    return when.astimezone(ZoneInfo(ZONE)).date() if when else None
