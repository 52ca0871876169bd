"""Any Atom or RSS feed, by its address: what it dates to a day. It may list on any day, or on none for a month."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from hashlib import sha256
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from digest.domain import Listing, Paper
from digest.sources.documents import xml_of
from digest.sources.exchange import (
    Exchange,
    FetchResult,
    Request,
    Source,
    Unbelievable,
    Unreadable,
    labels,
    moment,
    people,
    records_read,
)
from digest.sources.identity import key_of
from digest.text import plain, safe_url, storable

LONGEST_NAME = 80


def source(address: str) -> Source:
    """Make the source for a feed; raise ValueError for what is no address."""
    parts = urlsplit(address)
    if not safe_url(address):
        raise ValueError(f"{plain(address)[:80]!r} is not the address of a feed")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # One that a reader can write behind `source:`, and that tells two feeds of one host apart.
    name = re.sub(r"\W+", "-", f"feed-{parts.hostname}{path}", flags=re.ASCII).strip("-").lower()[:LONGEST_NAME]
    home = f"{parts.scheme}://{parts.netloc}"
    return Source(name, home, partial(ask, name, path), weekdays_only=False, every_day=False)


def ask(name: str, path: str, day: date) -> Exchange:
    """Ask for the feed, and keep what it dates to that day."""
    answer = yield Request(path)
    try:
        feed = xml_of(answer.whole())
    except Unbelievable as why:
        return FetchResult(problem=str(why))
    entries = [each for each in feed.iter() if _local(each) in ("entry", "item")]
    if not entries and _local(feed) not in ("feed", "rss", "RDF"):
        return FetchResult(problem=f"not a feed but <{plain(_local(feed))[:60]}>")
    found, dropped = records_read(entries, partial(_listing, name, day), "entry")
    problem = f"none of {len(entries)} entries can be read, {dropped[0]}" if dropped and not found else ""
    return FetchResult(tuple(found.values()), "feed", problem, dropped=tuple(map(str, dropped)))


def _listing(name: str, day: date, entry: Element, rank: int) -> Listing | None:
    when = next(
        filter(None, (_moment(_text(entry, each)) for each in ("published", "pubDate", "date", "updated"))), None
    )
    if not when:
        raise Unreadable("it has no date")
    if when.date() != day:
        return None
    links = [each.get("href") or each.text or "" for each in entry if _local(each) == "link"]
    said = _text(entry, "id", "guid", "identifier")
    title, abstract = _text(entry, "title"), _text(entry, "summary", "description", "content")
    address = next((url for link in (*links, said) if (url := safe_url(link.strip()))), "")
    own = f"{name}:{sha256((said or address).encode(errors='replace')).hexdigest()[:20]}" if said or address else ""
    id = key_of(said, *links, own=own)
    if not id or not plain(title):
        raise Unreadable("it has no id or no title")
    paper = Paper(
        id,
        plain(title),
        plain(abstract),
        authors=people(
            _text(each, "name") or each.text or "" for each in entry if _local(each) in ("author", "creator")
        ),
        categories=labels(each.get("term") or each.text or "" for each in entry if _local(each) == "category"),
        published_at=when,
        project_url="" if id.startswith("doi:") or id[:1].isdigit() else address,
        original_title=storable(title),
        original_abstract=storable(abstract),
    )
    # Any feed may link to any paper: it shall not rewrite what arXiv says of it.
    return Listing(name, day, rank, paper, borrowed=not own or id != own)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(parent: Element, *names: str) -> str:
    return next((each.text or "" for name in names for each in parent if _local(each) == name), "").strip()


def _moment(text: str) -> datetime | None:
    """Read a date of Atom (RFC 3339) or of RSS (RFC 822)."""
    with suppress(ValueError, TypeError, OverflowError):
        return moment(text) or moment(parsedate_to_datetime(text).isoformat())
    return None
