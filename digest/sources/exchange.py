"""What a source says and hears: requests, answers, and the haul in the end. Values only; `fetch` does the asking."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from digest.domain import Listing
from digest.text import plain

# Largest whole number a column of either database holds.
MOST_COUNTED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of `path` below the source's address."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


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

    A non-empty `problem` means there is no believable answer, and says why; `notes` are about earlier steps
    that were left; `dropped` names each record that could not be read.
    """

    listings: tuple[Listing, ...] = ()
    step: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


# A source yields requests, is sent the answers, and returns the haul.
Exchange = Generator[Request, Answer, FetchResult]


@dataclass(frozen=True, slots=True)
class Source:
    """A place that lists papers, day by day: how to ask it, and what one has to know to judge its answers.

    `home` is its public address, `looks_back` whether it still knows earlier days, `zone` the clock its days follow.
    """

    name: str
    home: str
    ask: Callable[[date], Exchange]
    looks_back: bool = True
    weekdays_only: bool = True
    zone: str = "UTC"


class Unbelievable(Exception):
    """An answer that cannot be what the source lists; the text says why."""


class WrongDay(Unbelievable):
    """An answer about another day than the one asked for."""


class Unreadable(Exception):
    """A record that cannot be a listing; the text says why. Its neighbours are none the worse."""


def person(raw: str) -> str:
    """Clean an author's name, footnote marks included: real lists hold a stray `§`."""
    return plain(re.sub("[§¶†‡*]", "", raw)).strip(" ,;")


def moment(text: str) -> datetime | None:
    """Read an ISO 8601 time as UTC, or nothing."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
