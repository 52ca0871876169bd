"""What topics would bring somebody who is no reader yet. Keeps a matcher of the last listed days; stores nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from threading import Lock

from sqlalchemy import Engine

from digest.domain import Pick
from digest.match import DAYS, Matcher
from digest.store import collections, papers
from digest.topics import MOST_TOPICS, Mistake, Phrase, Profile, parse

MOST_PICKS = 5
# Six weeks of Hugging Face, or two days of arXiv: indexed within a few seconds.
MOST_PAPERS = 1_500
# Words that are too short to be a topic of their own.
SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class Preview:
    """The best papers of the last listed days for some topics, how many a day there were, and what else to ask for.

    `by_day` has every listed day, oldest first; `broader` has of each topic that found nothing those of its words that
    find something; `unfinished` are topics that would cost too much work.
    """

    picks: Sequence[Pick]
    papers_a_day: float
    days: int
    suggestions: Sequence[str]
    mistakes: Sequence[Mistake]
    by_day: Sequence[tuple[date, int]] = ()
    broader: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unfinished: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Recent:
    """The papers of some days, as they were after a collection."""

    matcher: Matcher
    days: Sequence[date]
    listed_on: Mapping[str, date | None]
    collection: int


class Previews:
    """What is shown to those who try topics."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._building = Lock()
        self._known: Recent | None = None

    def warm(self) -> None:
        """Index what there is, before anybody has to wait for it."""
        self._recent()

    @property
    def matcher(self) -> Matcher:
        """The matcher of the last listed days."""
        return self._recent().matcher

    @property
    def days(self) -> int:
        """How many listed days these are."""
        return len(self._recent().days)

    def preview(self, topics: str) -> Preview:
        """Show what topics would bring; those that cannot be read are left out and said."""
        # One line more than is read, so that it is said that there are too many.
        profile = parse(topics.split("\n")[: MOST_TOPICS + 1])
        recent = self._recent()
        chosen = recent.matcher.select(profile, limit=MOST_PICKS)
        listed = Counter(recent.listed_on[paper] for paper in recent.matcher.fitting(profile))
        return Preview(
            chosen.picks,
            recent.matcher.forecast(profile, len(recent.days)),
            len(recent.days),
            recent.matcher.suggest(profile),
            profile.errors,
            [(day, listed[day]) for day in reversed(recent.days)],
            _broader(recent.matcher, profile),
            chosen.unfinished,
        )

    def newest(self, topics: str, most: int) -> list[Pick]:
        """Give the best papers of the last listed days for some topics, at most so many, the latest days first."""
        picks = self._recent().matcher.select(parse(topics), limit=most).picks
        return sorted(picks, key=_listed_on, reverse=True)

    def brought(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Count what each topic alone found on the last listed days; an exclusion, what it hid."""
        matcher = self._recent().matcher
        return {topic: _found(matcher, topic) for topic in topics}

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
        listed = papers.listed(self._engine, days[-1], days[0]) if days else []
        matcher = Matcher(listed)
        matcher.suggest(parse(""))  # which works out what the papers are about, once
        matcher.matching(parse("author:nobody"))  # and who wrote them
        return Recent(matcher, days, {paper.id: paper.listed_on for paper in listed}, last)


def _broader(matcher: Matcher, profile: Profile) -> Mapping[str, Sequence[str]]:
    """For each topic of a phrase that found nothing: those of its words that do."""
    found: dict[str, Sequence[str]] = {}
    for topic in profile.topics[:MOST_PICKS]:
        query = topic.query
        if isinstance(query, Phrase) and not matcher.matching(parse([topic.text])):
            words = [word.text for word in query.words] if len(query.words) > 1 else []
            found[topic.text] = [word for word in words if len(word) >= SHORTEST_WORD and _found(matcher, word)]
    return found


def _found(matcher: Matcher, topic: str) -> int:
    return len(matcher.fitting(parse([topic.lstrip("-")])))


def _listed_on(pick: Pick) -> date:
    return pick.paper.listed_on or date.min
