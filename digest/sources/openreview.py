"""OpenReview: the papers of one venue, such as `ICLR.cc/2026/Conference`, by the day they came out (API 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial

from digest.domain import Listing, Paper
from digest.sources.documents import json_of
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
from digest.text import plain, storable

HOME = "https://api2.openreview.net"
PAGE = 500
MOST_PAGES = 4


def source(venue: str) -> Source:
    """Make the source for a venue by its id. It lists on few days of a year, and then a great deal."""
    return Source("openreview", HOME, partial(ask, venue), weekdays_only=False, every_day=False)


def ask(venue: str, day: date) -> Exchange:
    """Ask for the venue's papers, newest first, as far back as that day."""
    notes: list[object] = []
    try:
        for page in range(MOST_PAGES):
            params = {"content.venueid": venue, "sort": "cdate:desc", "limit": str(PAGE), "offset": str(page * PAGE)}
            answered = json_of((yield Request("/notes", params)).whole())
            batch = answered.get("notes") if isinstance(answered, dict) else None
            if not isinstance(batch, list):
                raise Unbelievable("no list of notes")
            notes += batch
            if len(batch) < PAGE or any(_day(note) < day for note in batch):
                break
    except Unbelievable as why:
        return FetchResult(problem=str(why))
    found, dropped = records_read(notes, partial(_listing, day))
    problem = f"none of {len(notes)} notes can be read, {dropped[0]}" if dropped and not found else ""
    return FetchResult(tuple(found.values()), "api", problem, dropped=tuple(map(str, dropped)))


def _day(note: object) -> date:
    """The day a note came out, by its publication or else its creation: milliseconds since 1970."""
    said = note if isinstance(note, Mapping) else {}
    dates = (said.get(name) for name in ("pdate", "odate", "cdate"))
    when = next((each for each in dates if isinstance(each, int)), 0)
    return datetime.fromtimestamp(min(max(when, 0), 4_000_000_000_000) / 1000, UTC).date()


def _listing(day: date, note: object, rank: int) -> Listing | None:
    if not isinstance(note, Mapping) or not isinstance(note.get("content"), Mapping):
        raise Unreadable("it is not a note")
    if _day(note) != day:
        return None
    id, title, abstract = note.get("forum") or note.get("id"), _text(note, "title"), _text(note, "abstract")
    if not isinstance(id, str) or not plain(id) or not plain(title):
        raise Unreadable("it has no id or no title")
    paper = Paper(
        f"openreview:{plain(id)[:40]}",
        plain(title),
        plain(abstract),
        authors=people(_texts(note, "authors")),
        keywords=labels(_texts(note, "keywords")),
        summary=plain(_text(note, "TLDR")),
        published_at=datetime.combine(day, datetime.min.time(), UTC),
        original_title=storable(title),
        original_abstract=storable(abstract),
    )
    return Listing("openreview", day, rank, paper)


def _value(note: Mapping[str, object], name: str) -> object:
    """Return a field of the content, which stands in a `value` of its own."""
    content = note["content"]
    field = content.get(name) if isinstance(content, Mapping) else None
    return field.get("value") if isinstance(field, Mapping) else field


def _text(note: Mapping[str, object], name: str) -> str:
    value = _value(note, name)
    return value if isinstance(value, str) else ""


def _texts(note: Mapping[str, object], name: str) -> Iterator[str]:
    values = _value(note, name)
    yield from (each for each in values if isinstance(each, str)) if isinstance(values, list) else ()
