"""What topics would bring somebody who is no reader yet. Keeps the index of the last listed days; stores nothing."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from threading import Lock

from sqlalchemy import Engine

from digest.domain import Paper, Pick
from digest.match import Index, forecast, select, suggest
from digest.match.forecasting import DAYS
from digest.match.index import numbers, union
from digest.match.rank import rankings, to_pick_from
from digest.store import collections, papers
from digest.topics import MOST_TOPICS, Mistake, Phrase, parse

MOST_PICKS = 5
# Six weeks of Hugging Face, or two days of arXiv: indexed within a few seconds.
MOST_PAPERS = 1_500
# What many try, and what one tries again; some kilobytes each.
KEEP_PREVIEWS = 512


@dataclass(frozen=True, slots=True)
class Preview:
    """The best papers of the last listed days for some topics, how many a day there were, and what else to ask for.

    `by_day` has every listed day, oldest first; `broader` has what of a topic that found nothing would find something.
    """

    picks: Sequence[Pick]
    papers_a_day: float
    days: int
    suggestions: Sequence[str]
    mistakes: Sequence[Mistake]
    by_day: Sequence[tuple[date, int]] = ()
    broader: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recent:
    """The papers of some days, as they were after a collection. An index is for one at a time: it learns."""

    index: Index
    days: Sequence[date]
    collection: int
    lock: Lock = field(default_factory=Lock)
    shown: OrderedDict[str, Preview] = field(default_factory=OrderedDict)


class Previews:
    """What is shown to those who try topics."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._building = Lock()
        self._known: Recent | None = None

    def warm(self) -> None:
        """Index what there is, before anybody has to wait for it."""
        self._recent()

    def preview(self, topics: str) -> Preview:
        """Show what topics would bring; those that cannot be read are left out and said."""
        # One line more than is read, so that it is said that there are too many.
        topics = "\n".join(topics.split("\n")[: MOST_TOPICS + 1])
        recent = self._recent()
        with recent.lock:
            if (known := recent.shown.get(topics)) is None:
                known = recent.shown[topics] = _preview(recent, topics)
                if len(recent.shown) > KEEP_PREVIEWS:
                    recent.shown.popitem(last=False)
            return known

    def newest(self, topics: str, most: int) -> list[Pick]:
        """Give the best papers of the last listed days for some topics, at most so many, the latest days first."""
        recent = self._recent()
        with recent.lock:
            picks = select(recent.index, parse(topics), limit=most).picks
        return sorted(picks, key=_listed_on, reverse=True)

    def brought(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Count what each topic alone found on the last listed days."""
        recent = self._recent()
        with recent.lock:
            return {topic: len(_fitting(recent.index, topic)) for topic in topics}

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
        index = Index(papers.listed(self._engine, days[-1], days[0]) if days else ())
        suggest(index, parse(""))  # which works out what the papers are about, once
        return Recent(index, days, last)


def _preview(recent: Recent, topics: str) -> Preview:
    profile = parse(topics)
    index, days = recent.index, recent.days
    listed = Counter(paper.listed_on for paper in _fitting(index, topics))
    return Preview(
        select(index, profile, limit=MOST_PICKS).picks,
        forecast(index, profile, len(days)),
        len(days),
        suggest(index, profile),
        profile.errors,
        [(day, listed[day]) for day in reversed(days)],
        _broader(index, topics),
    )


def _fitting(index: Index, topics: str) -> list[Paper]:
    """The papers that topics find, whatever a reader's limit."""
    found = rankings(index, parse(topics))
    wanted = union(each.matching for each in to_pick_from(index, found)) & ~union(each.hidden for each in found)
    return [index.papers[number] for number in numbers(wanted)]


def _broader(index: Index, topics: str) -> Mapping[str, Sequence[str]]:
    """For each topic of several words that found nothing: those of its words that do."""
    found: dict[str, Sequence[str]] = {}
    for topic in parse(topics).topics[:MOST_PICKS]:
        query = topic.query
        if isinstance(query, Phrase) and not index.matching(query):
            words = [word.text for word in query.words] if len(query.words) > 1 else []
            found[topic.text] = [word for word in words if len(word) > 2 and _fitting(index, word)]
    return found


def _listed_on(pick: Pick) -> date:
    return pick.paper.listed_on or date.min
