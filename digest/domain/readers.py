"""A reader, and what they chose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Status(StrEnum):
    """Where a reader stands. Only an active reader gets digests."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Cadence(StrEnum):
    """On which days a reader wants the digest, in their own zone."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


class Order(StrEnum):
    """Which papers come first: those that fit and are liked, those that fit best, or those that are liked most."""

    MIXED = "mixed"
    BEST = "best"
    LIKED = "liked"


class Mute(NamedTuple):
    """A topic that rests, and the day on which it brings papers again."""

    topic: str
    until: date


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a reader chose.

    `topics` are lines of the query language, as written; none means trending. `weekday` is the day of a weekly digest,
    from Monday (0). `related` papers are wanted, or not. `muted` are those of the topics that rest for a while.
    """

    topics: tuple[str, ...] = ()
    cadence: Cadence = Cadence.DAILY
    hour: int = 7
    timezone: str = "UTC"
    most_papers: int = 10
    pictures: bool = False
    weekday: int = 0
    order: Order = Order.MIXED
    related: bool = False
    muted: tuple[Mute, ...] = ()

    def on(self, day: date) -> Preferences:
        """Give what counts on a day: the same without the topics that rest then."""
        if not self.muted:
            return self
        resting = {mute.topic for mute in self.resting(day)}
        return replace(self, topics=tuple([topic for topic in self.topics if topic not in resting]), muted=())

    def resting(self, day: date) -> list[Mute]:
        """List the topics that rest on a day."""
        return [mute for mute in self.muted if day < mute.until and mute.topic in self.topics]

    def today(self, now: datetime) -> date:
        """Say which day it is for the reader; in UTC where their zone is none any more."""
        try:
            return now.astimezone(ZoneInfo(self.timezone)).date()
        except (ValueError, OSError, LookupError):
            return now.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber: one digest of one address, which may have several, each with a `name` but the first.

    `next_due_at` is the moment of the next digest, set while active.

    `new_email` is where they want their digest from now on, until that address confirms; `paused_until` is when a
    pause ends by itself, if it does. `key` is what links name them by; the database draws it. `list_name` is what mail
    programs know the digest by, where that is not its name.
    """

    id: int
    email: str
    status: Status
    preferences: Preferences
    created_at: datetime
    confirmed_at: datetime | None = None
    next_due_at: datetime | None = None
    new_email: str = ""
    paused_until: datetime | None = None
    key: str = field(default="", repr=False)
    name: str = ""
    list_name: str = ""

    @property
    def listed_as(self) -> str:
        """What the digest is called in its List-Id, which stays when it is renamed."""
        return self.list_name or self.name
