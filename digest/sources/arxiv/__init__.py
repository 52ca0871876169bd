"""arXiv: its feed, which knows its latest day and no other, and its query API for a day the feed has moved on from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from urllib.parse import quote
from zoneinfo import ZoneInfo

from digest.sources.arxiv.entries import ENTRY, MOST_ENTRIES, ZONE, atom, day_of, listings, published, said_full
from digest.sources.exchange import Answer, Exchange, FetchResult, Request, Source, Unbelievable

API = "https://export.arxiv.org"
# What arXiv asks of those who use its API: one request each three seconds.
API_PAUSE_SECONDS = 3.0
# What is submitted by two in the afternoon of a working day is announced that evening, and is the next day's list.
SUBMITTED_BY = time(14)
SATURDAY = 5


def source(categories: Sequence[str]) -> Source:
    """Make the source for these categories, such as `cs.CL`."""
    return Source("arxiv", "https://rss.arxiv.org", partial(ask, tuple(categories)), refreshes=False, zone=ZONE)


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
    feed = atom(body)
    entries = feed.findall(ENTRY)
    made = day_of(feed, "updated")
    days = [day_of(entry) or made for entry in entries]
    todays = [entry for entry, its in zip(entries, days, strict=True) if its == day]
    others = Counter(its for its in days if its != day)
    held = " and ".join(sorted(str(its or "an unknown day") for its in others)) or str(made or "an unknown day")
    only = f"the arXiv feed only holds {held}, not {day}"
    if not todays and (others or made != day):
        moved_on = (made or max(filter(None, others), default=day)) > day
        raise MovedOn(only, FetchResult()) if moved_on else Unbelievable(only)
    left = f"left out {others.total()} of {len(entries)} entries, of {held}" if others else ""
    result = replace(listings(todays, day), step="feed", notes=tuple(filter(None, (left, said_full(len(entries))))))
    if made and made > day:
        raise MovedOn(f"the arXiv feed is of {made}", result)
    return replace(result, doubt=f"most is not of the day: {left}") if others.total() > len(todays) else result


def submitted(body: bytes, day: date) -> FetchResult:
    """Read an answer of the query API to what was submitted for that day; raise Unbelievable if it tells of others."""
    first, last = submission_window(day)
    entries = atom(body).findall(ENTRY)
    fitting = [entry for entry in entries if (when := published(entry)) and first <= when <= last]
    if entries and not fitting:
        raise Unbelievable(f"nothing submitted for {day} among {len(entries)} entries")
    return replace(listings(fitting, day), step="api", notes=tuple(filter(None, [said_full(len(entries))])))


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
