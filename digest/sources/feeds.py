"""Any Atom or RSS feed, by its address: what it dates to a day. It may list on any day, or on none for a month."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from hashlib import sha256
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from digest.domain import Listing, Paper
from digest.sources import elements, markup
from digest.sources.documents import xml_of
from digest.sources.exchange import (
    Exchange,
    FetchResult,
    Request,
    Source,
    Unbelievable,
    Unreadable,
    labels,
    people,
    records_read,
)
from digest.sources.identity import key_of
from digest.text import plain, safe_url, storable

LONGEST_NAME = 80
TITLE, ABSTRACT = ("title",), ("summary", "description", "abstract", "encoded", "content")


def source(address: str) -> Source:
    """Make the source for a feed; raise ValueError for what is no address."""
    parts = urlsplit(address)
    if not safe_url(address):
        raise ValueError(f"{plain(address)[:80]!r} is not the address of a feed")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # One that a reader can write behind `source:`, and that tells two feeds of one host apart.
    name = re.sub(r"\W+", "-", f"feed-{parts.hostname}{path}", flags=re.ASCII).strip("-").lower()[:LONGEST_NAME]
    home = f"{parts.scheme}://{parts.netloc}"
    return Source(name, home, partial(ask, name, home, path), weekdays_only=False, every_day=False)


def ask(name: str, home: str, path: str, day: date) -> Exchange:
    """Ask for the feed, and keep what it dates to that day."""
    answer = yield Request(path)
    try:
        feed = xml_of(answer.whole())
    except Unbelievable as why:
        return FetchResult(problem=str(why))
    entries = [each for each in feed.iter() if elements.local(each) in ("entry", "item")]
    if not entries and elements.local(feed) not in ("feed", "rss", "RDF"):
        return FetchResult(problem=f"not a feed but <{plain(elements.local(feed))[:60]}>")
    base = elements.based(f"{home}{path}", feed)
    found, dropped = records_read(entries, partial(_listing, name, base, day), "entry")
    problem = f"none of {len(entries)} entries can be read, {dropped[0]}" if dropped and not found else ""
    return FetchResult(tuple(found.values()), "feed", problem, dropped=tuple(map(str, dropped)))


def _listing(name: str, base: str, day: date, entry: Element, rank: int) -> Listing | None:
    when = elements.when(entry)
    if not when:
        raise Unreadable("it has no date")
    if when.date() != day:
        return None
    links = elements.links(entry, elements.based(base, entry))
    said = elements.raw(entry, "id", "guid", "identifier")
    # What else may name it; the entry is known by the first, as ever.
    others = [elements.raw(entry, "identifier"), elements.raw(entry, "doi"), entry.get(elements.ABOUT, "")]
    title, abstract = (elements.text(entry, *names) for names in (TITLE, ABSTRACT))
    address = next((url for link in (*links, said, *others) if (url := safe_url(link))), "")
    own = f"{name}:{sha256((said or address).encode(errors='replace')).hexdigest()[:20]}" if said or address else ""
    id = key_of(said, *others, *links, own=own)
    if not id or not plain(title):
        raise Unreadable("it has no id or no title")
    paper = Paper(
        id,
        plain(title),
        plain(markup.unlabelled(abstract)),
        authors=people(elements.authors(entry)),
        categories=labels(_categories(entry)),
        published_at=when,
        project_url="" if id.startswith("doi:") or id[:1].isdigit() else address,
        original_title=storable(title),
        original_abstract=storable(abstract),
    )
    # Any feed may link to any paper: it shall not rewrite what arXiv says of it.
    return Listing(name, day, rank, paper, borrowed=not own or id != own)


def _categories(entry: Element) -> Iterator[str]:
    found = (each for each in entry if elements.local(each) in ("category", "subject"))
    yield from (each.get("term") or each.text or "" for each in found)
