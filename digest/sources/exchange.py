"""What a source says and hears: requests, answers, and the result in the end. Values only; `fetch` does the asking."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from digest.domain import Listing
from digest.text import plain

# Further off, another zone's clock may not be able to say it.
_YEARS = 1900, 2200
# As many as arXiv's feeds hold; the longest day of Hugging Face had 50.
MOST_RECORDS = 2_000
# Papers of the large experiments have some 3,000 authors. Names and labels as seen have at most 80 characters.
MOST_AUTHORS, MOST_LABELS, LONGEST_NAME = 5_000, 100, 300


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of `path` below the source's address, or below `host` where it has two; after so many seconds' `pause`."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` 0 means that nothing did. `url` is where redirects ended, header names are lower case.

    A non-empty `error` says why the answer is not whole: never came, cut off, too large, redirected to another host.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    error: str = ""

    def whole(self) -> bytes:
        """Return the body of a good answer; raise Unbelievable for any other."""
        if self.error or self.status != 200:
            raise Unbelievable(self.error or f"HTTP {self.status}")
        return self.body


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What a source listed on a day, and the `step` that said so.

    A non-empty `problem` means there is no believable answer, and says why; a `doubt` that what is listed is not all;
    `notes` are about earlier steps that were left; `dropped` names records that could not be read.
    """

    listings: tuple[Listing, ...] = ()
    step: str = ""
    problem: str = ""
    doubt: str = ""
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


# A source yields requests, is sent the answers, and returns the result.
Exchange = Generator[Request, Answer, FetchResult]


@dataclass(frozen=True, slots=True)
class Source:
    """A place that lists papers, day by day: how to ask it, and what one has to know to judge its answers.

    `home` is its public address, `looks_back` whether it still knows earlier days, `refreshes` whether the figures of
    young papers still change, `every_day` whether a day without papers is odd, `zone` the clock its days follow.
    """

    name: str
    home: str
    ask: Callable[[date], Exchange]
    looks_back: bool = True
    refreshes: bool = True
    weekdays_only: bool = True
    every_day: bool = True
    zone: str = "UTC"


class Unbelievable(Exception):
    """An answer that cannot be what the source lists; the text says why."""


class WrongDay(Unbelievable):
    """An answer about another day than the one asked for."""


class Unreadable(Exception):
    """A record that cannot be a listing; the text says why. Its neighbours are none the worse."""


def records_read(
    records: Sequence[Any], read: Callable[[Any, int], Listing | None], name: str = "record"
) -> tuple[dict[str, Listing], list[Unreadable]]:
    """Read records one by one, each for its rank; return the listings by paper, and what was wrong with the others.

    Whatever a record makes `read` raise is that record's fault, and its neighbours are none the worse.
    """
    found: dict[str, Listing] = {}
    dropped: list[Unreadable] = []
    for place, record in enumerate(records[:MOST_RECORDS], 1):
        try:
            if listing := read(record, 1 + len(found) + len(dropped)):
                found.setdefault(listing.paper.id, listing)
        except Unreadable as why:
            dropped.append(type(why)(f"{name} {place}: {why}"))
        except Exception as error:
            dropped.append(Unreadable(f"{name} {place}: {type(error).__name__}: {plain(str(error))[:100]}"))
    if len(records) > MOST_RECORDS:
        dropped.append(Unreadable(f"{len(records) - MOST_RECORDS} more after the first {MOST_RECORDS}"))
    return found, dropped


def people(raw: Iterable[str]) -> tuple[str, ...]:
    """Clean the names of authors, footnote marks included: real lists hold a stray `§`."""
    names = (plain(re.sub("[§¶†‡*]", "", name[:LONGEST_NAME])).strip(" ,;") for name in islice(raw, MOST_AUTHORS))
    return tuple(filter(None, names))


def labels(raw: Iterable[str]) -> tuple[str, ...]:
    """Clean keywords or categories."""
    return tuple(filter(None, (plain(word[:LONGEST_NAME]) for word in islice(raw, MOST_LABELS))))


def moment(text: str) -> datetime | None:
    """Read an ISO 8601 time as UTC, or nothing; no paper was announced before 1900 or after 2200."""
    try:
        found = datetime.fromisoformat(text.strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _YEARS[0] <= found.year < _YEARS[1] else None
