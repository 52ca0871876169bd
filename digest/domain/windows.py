"""The stretch of time that a digest covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What the last collection brought is still in the window.
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open stretch [start, end) of first-seen times a digest covers, and the earliest listed day in it."""

    start: datetime
    end: datetime
    since: date
