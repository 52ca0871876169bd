"""arXiv: its feed, which knows its latest day and no other, and its query API for a day the feed has moved on from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from urllib.parse import quote
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from digest.domain import Listing, Paper
from digest.sources.documents import xml_of
from digest.sources.exchange import (
    Answer,
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
from digest.text import plain, storable

_ID = re.compile(r"(?:\A|[:/])(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?\Z", re.ASCII)
# arXiv's day begins at midnight in New York, when the feed is made.
ZONE = "America/New_York"
MOST_ENTRIES = 2_000
API = "https://export.arxiv.org"
# What arXiv asks of those who use its API: one request each three seconds.
API_PAUSE_SECONDS = 3.0
# What is submitted by two in the afternoon of a working day is announced that evening, and is the next day's list.
SUBMITTED_BY = time(14)
SATURDAY = 5
_LISTED_TYPES = ("new", "cross")
_ATOM, _DC, _ARXIV = (
    "{http://www.w3.org/2005/Atom}",
    "{http://purl.org/dc/elements/1.1/}",
    "{http://arxiv.org/schemas/atom}",
)
_PREFIX = re.compile(r"arXiv:\S+ Announce Type: (\S+)\s+Abstract:\s*")


def source(categories: Sequence[str]) -> Source:
    """Make the source for these categories, such as `cs.CL`."""
    return Source("arxiv", "https://rss.arxiv.org", partial(ask, tuple(categories)), refreshes=False, zone=ZONE)


def arxiv_id(text: str) -> str:
    """Return the id at the end of an id, address or OAI name, without its version; an empty string if there is none."""
    found = _ID.search(text)
    return found[1] if found else ""


class MovedOn(Unbelievable):
    """A feed of a later day than the one asked for; `rest` is what it still holds of that."""

    def __init__(self, why: str, rest: FetchResult) -> None:
        super().__init__(why)
        self.rest = rest


def ask(categories: tuple[str, ...], day: date) -> Exchange:
    """Ask for the feed, and where it has moved on, for what was submitted for that day."""
    if day.weekday() >= SATURDAY:
        return FetchResult(step="feed")
    answer = yield Request(f"/atom/{'+'.join(quote(category) for category in categories)}")
    try:
        return feed_of(answer.whole(), day)
    except MovedOn as moved:
        answer = yield _query(categories, day)
        return _completed(moved, answer, day)
    except Unbelievable as why:
        return FetchResult(problem=str(why))


def _completed(moved: MovedOn, answer: Answer, day: date) -> FetchResult:
    """Put together what the feed still holds of a day and what the API says was submitted for it."""
    rest = moved.rest
    try:
        missed = submitted(answer.whole(), day)
    except Unbelievable as why:
        return replace(rest, problem="" if rest.listings else f"{moved}; api: {why}", doubt=f"{moved}; api: {why}")
    known = {listing.paper.id for listing in rest.listings}
    more = [listing for listing in missed.listings if listing.paper.id not in known]
    ranked = (replace(listing, rank=len(known) + rank) for rank, listing in enumerate(more, 1))
    return replace(
        missed,
        listings=(*rest.listings, *ranked),
        notes=(str(moved), *missed.notes),
        dropped=rest.dropped + missed.dropped,
    )


def feed_of(body: bytes, day: date) -> FetchResult:
    """Read what a feed holds of that day; raise MovedOn or Unbelievable where it is another day's.

    Entries of other days are left out and counted; where they are the most, what is left is in doubt.
    """
    feed = _parsed(body)
    entries = feed.findall(f"{_ATOM}entry")
    made = _day(feed, "updated")
    days = [_day(entry) or made for entry in entries]
    todays = [entry for entry, its in zip(entries, days, strict=True) if its == day]
    others = Counter(its for its in days if its != day)
    held = " and ".join(sorted(str(its or "an unknown day") for its in others)) or str(made or "an unknown day")
    only = f"the arXiv feed only holds {held}, not {day}"
    if not todays and (others or made != day):
        moved_on = (made or max(filter(None, others), default=day)) > day
        raise MovedOn(only, FetchResult()) if moved_on else Unbelievable(only)
    left = f"left out {others.total()} of {len(entries)} entries, of {held}" if others else ""
    result = replace(_read(todays, day), step="feed", notes=tuple(filter(None, (left, _full(len(entries))))))
    if made and made > day:
        raise MovedOn(f"the arXiv feed is of {made}", result)
    return replace(result, doubt=f"most is not of the day: {left}") if others.total() > len(todays) else result


def submitted(body: bytes, day: date) -> FetchResult:
    """Read an answer of the query API to what was submitted for that day; raise Unbelievable if it tells of others."""
    first, last = submission_window(day)
    entries = _parsed(body).findall(f"{_ATOM}entry")
    fitting = [entry for entry in entries if (when := _published(entry)) and first <= when <= last]
    if entries and not fitting:
        raise Unbelievable(f"nothing submitted for {day} among {len(entries)} entries")
    return replace(_read(fitting, day), step="api", notes=tuple(filter(None, [_full(len(entries))])))


def submission_window(day: date) -> tuple[datetime, datetime]:
    """When the papers of a day's list were submitted; holidays, of which arXiv has a few, make it longer."""
    last = _working_day_before(day)
    first = _working_day_before(last)
    start, end = (datetime.combine(each, SUBMITTED_BY, ZoneInfo(ZONE)).astimezone(UTC) for each in (first, last))
    return start, end


def _query(categories: Sequence[str], day: date) -> Request:
    first, last = submission_window(day)
    among = " OR ".join(f"cat:{category}" for category in categories)
    params = {
        "search_query": f"({among}) AND submittedDate:[{first:%Y%m%d%H%M} TO {last:%Y%m%d%H%M}]",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
        "max_results": str(MOST_ENTRIES),
    }
    return Request("/api/query", params, host=API, pause=API_PAUSE_SECONDS)


def _working_day_before(day: date) -> date:
    return next(before for n in range(1, 4) if (before := day - timedelta(days=n)).weekday() < SATURDAY)


def _read(entries: Sequence[Element], day: date) -> FetchResult:
    def listing(entry: Element, rank: int) -> Listing | None:
        return Listing("arxiv", day, rank, _paper(entry)) if _type(entry) in _LISTED_TYPES else None

    found, dropped = records_read(entries, listing, "entry")
    if dropped and not found:
        raise Unbelievable(f"none of {len(entries)} entries can be read, {dropped[0]}")
    return FetchResult(tuple(found.values()), dropped=tuple(map(str, dropped)))


def _full(entries: int) -> str:
    return f"the list ends at {MOST_ENTRIES} entries: ask for fewer categories" if entries >= MOST_ENTRIES else ""


def _parsed(body: bytes) -> Element:
    feed = xml_of(body)
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
        authors=people(_authors(entry)),
        # Of a cross-listed paper, the feed only knows when it was announced here.
        published_at=_published(entry) if _type(entry) == "new" else None,
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


def _published(entry: Element) -> datetime | None:
    return moment(entry.findtext(f"{_ATOM}published", ""))


def _day(element: Element, name: str = "published") -> date | None:
    when = moment(element.findtext(f"{_ATOM}{name}", ""))
    return when.astimezone(ZoneInfo(ZONE)).date() if when else None
