"""What topics would bring somebody who is no reader yet. Keeps the index of the last listed days; stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from sqlalchemy import Engine

from digest.domain import Pick
from digest.match import Index, forecast, select, suggest
from digest.match.forecasting import DAYS
from digest.profile import Mistake, parse
from digest.store import collections, papers

MOST_PICKS = 5


@dataclass(frozen=True, slots=True)
class Preview:
    """The best papers of the last listed days for some topics, how many a day there were, and what else to ask for."""

    picks: Sequence[Pick]
    papers_a_day: float
    days: int
    suggestions: Sequence[str]
    mistakes: Sequence[Mistake]


class Shown:
    """What is shown to those who try topics."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._index = lru_cache(1)(self._indexed)

    def preview(self, topics: str) -> Preview:
        """Show what topics would bring; those that cannot be read are left out and said."""
        profile = parse(topics)
        with self._lock:
            index, days = self._index(collections.last(self._engine))
            return Preview(
                select(index, profile, limit=MOST_PICKS).picks,
                forecast(index, profile, days),
                days,
                suggest(index, profile),
                profile.errors,
            )

    def _indexed(self, _last_collection: int) -> tuple[Index, int]:
        """Index the last listed days, anew after each collection."""
        newest = papers.newest_listed(self._engine)
        days = papers.listed_days(self._engine, newest, DAYS) if newest else []
        return Index(papers.listed(self._engine, days[-1], days[0]) if days else ()), len(days)
