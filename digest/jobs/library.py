"""What was listed, to leaf through: days, weeks, months and their papers. Chooses nothing for anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock

from sqlalchemy import Engine

from digest.domain import Paper
from digest.store import catalogue, collections, papers


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days in a row, both ends included, and those beside it that have papers."""

    first: date
    last: date
    papers: int
    before: date | None
    after: date | None


class Library:
    """The listed days, remembered until the next collection, and their papers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._known: tuple[int, Mapping[date, int]] | None = None

    def days(self) -> Mapping[date, int]:
        """The days with papers and how many each has, newest first."""
        last = collections.last(self._engine)
        with self._lock:
            if self._known is None or self._known[0] != last:
                self._known = last, papers.days(self._engine)
            return self._known[1]

    def version(self) -> tuple[int, datetime | None]:
        """The last collection, and when it was: while it stays, so does everything here."""
        moments = [run.collected_at for run in collections.newest(self._engine)]
        return collections.last(self._engine), max(moments, default=None)

    def stretch(self, first: date, last: date) -> Stretch:
        """Look at the days from `first` to `last`."""
        days = self.days()
        before = next((day for day in days if day < first), None)
        after = next((day for day in sorted(days) if day > last), None)
        return Stretch(first, last, sum(days[day] for day in days if first <= day <= last), before, after)

    def liked(self, stretch: Stretch, *, first: int = 0, most: int) -> Sequence[Paper]:
        """The papers of a stretch, the most upvoted first."""
        return catalogue.liked(self._engine, stretch.first, stretch.last, first=first, most=most)

    def paper(self, paper_id: str) -> Paper | None:
        return catalogue.find(self._engine, paper_id)

    def days_of(self, paper_id: str) -> Sequence[tuple[str, date]]:
        return catalogue.days_of(self._engine, paper_id)

    def everything(self, most: int) -> Sequence[tuple[str, date]]:
        """The newest papers by id, each with its latest day."""
        return catalogue.newest(self._engine, most)


def week_of(day: date) -> tuple[date, date]:
    """The Monday and the Sunday around a day."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
