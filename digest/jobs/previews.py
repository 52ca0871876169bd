"""What topics would bring somebody who is no reader yet. Keeps the index of the last listed days; stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from threading import Lock

from sqlalchemy import Engine

from digest.domain import Pick
from digest.match import DAYS, Matcher
from digest.store import collections, papers
from digest.topics import Mistake, parse

MOST_PICKS = 5
# Six weeks of Hugging Face, or two days of arXiv: indexed within a few seconds.
MOST_PAPERS = 1_500


@dataclass(frozen=True, slots=True)
class Preview:
    """The best papers of the last listed days for some topics, how many a day there were, and what else to ask for."""

    picks: Sequence[Pick]
    papers_a_day: float
    days: int
    suggestions: Sequence[str]
    mistakes: Sequence[Mistake]


@dataclass(frozen=True, slots=True)
class Recent:
    """The papers of so many days, as they were after a collection."""

    matcher: Matcher
    days: int
    collection: int


class Previews:
    """What is shown to those who try topics."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._building = Lock()
        self._known: Recent | None = None

    def preview(self, topics: str) -> Preview:
        """Show what topics would bring; those that cannot be read are left out and said."""
        profile = parse(topics)
        recent = self._recent()
        return Preview(
            recent.matcher.select(profile, limit=MOST_PICKS).picks,
            recent.matcher.forecast(profile, recent.days),
            recent.days,
            recent.matcher.suggest(profile),
            profile.errors,
        )

    def newest(self, topics: str, most: int) -> list[Pick]:
        """Give the best papers of the last listed days for some topics, at most so many, the latest days first."""
        picks = self._recent().matcher.select(parse(topics), limit=most).picks
        return sorted(picks, key=_listed_on, reverse=True)

    def _recent(self) -> Recent:
        """Give the last listed days, indexed anew after each collection.

        While one request does that, the others go on with what was there before, or wait if there was nothing.
        """
        known = self._known
        if known and (self._building.locked() or known.collection == collections.last(self._engine)):
            return known
        with self._building:
            # Somebody else may have done it meanwhile.
            last = collections.last(self._engine)
            if self._known is None or self._known.collection != last:
                self._known = self._indexed(last)
            return self._known

    def _indexed(self, last: int) -> Recent:
        """Index the newest whole days with no more papers together than we take, but one at least."""
        counts = papers.days(self._engine, DAYS)
        fitting = sum(together <= MOST_PAPERS for together in accumulate(counts.values()))
        days = list(counts)[: max(1, fitting)]
        matcher = Matcher(papers.listed(self._engine, days[-1], days[0]) if days else ())
        matcher.suggest(parse(""))  # which works out what the papers are about, once
        return Recent(matcher, len(days), last)


def _listed_on(pick: Pick) -> date:
    return pick.paper.listed_on or date.min
