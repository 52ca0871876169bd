"""The one who picks: holds an index, remembers what was worked out for one reader's topics for the next who has them.

All that is remembered is here, with its bounds and its lock; everything else in this room is pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from threading import RLock

from digest.domain import Order, Paper, Pick, Reason, Selection
from digest.match import reasons
from digest.match.bitsets import bits, numbers, union
from digest.match.explain import Share, shares
from digest.match.forecasting import forecast
from digest.match.index import indexed
from digest.match.lookups import Lookups
from digest.match.memory import Memory
from digest.match.rank import Ranking, to_pick_from, trending
from digest.match.rankings import Rankings
from digest.match.selection import best, most_liked_first
from digest.match.suggestions import Term, suggest, terms
from digest.match.work import Meter
from digest.text import sentences
from digest.topics import Profile

KEEP_SELECTIONS = 250_000  # a third of a kilobyte each: the picks themselves are shared
KEEP_PICKS = 50_000  # some hundred bytes each; and their reasons, as many again


class Matcher:
    """Picks papers for profiles. Several threads may use one; they take turns."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.index = indexed(papers)
        self._lock = RLock()
        self._lookups = Lookups(self.index)
        self._rankings = Rankings(self._lookups)
        self._trending = trending(self.index)
        self._selections: Memory[object, Selection] = Memory(KEEP_SELECTIONS)
        self._picks: Memory[object, Pick] = Memory(KEEP_PICKS)
        self._reasons: Memory[tuple[Ranking, int], tuple[Reason, ...]] = Memory(2 * KEEP_PICKS)
        self._sentences: dict[int, list[tuple[int, int]]] = {}
        self._known_terms: tuple[Term, ...] | None = None

    def select(
        self, profile: Profile, *, limit: int, seen: Collection[str] = (), order: Order = Order.MIXED
    ) -> Selection:
        """Pick the papers for a profile, best first, at most `limit`, none of those `seen` (by id)."""
        with self._lock:
            had = self._had(seen) if seen else 0
            # On one day most topics find nothing, and readers whose other topics are the same get the same, in any
            # order of theirs.
            key = (limit, had, order, frozenset(self._rankings.of(profile, order)))
            known = self._selections.get(key)
            return known or self._selections.keep(key, self._select(key[3], had, limit, order))

    def matching(self, profile: Profile) -> set[str]:
        """Find all papers that fit a topic of a profile, near-duplicates too, by id."""
        with self._lock:
            found = union([self._lookups.matching(topic.query, Meter()) for topic in profile.topics])
            return {self.index.papers[number].id for number in numbers(found)}

    def forecast(self, profile: Profile, days: int) -> float:
        """Give the papers a day for a profile, when the papers were listed on so many days."""
        with self._lock:
            found = self._rankings.of(profile)
            return forecast(to_pick_from(found, self._trending), found, days)

    def suggest(self, profile: Profile, limit: int = 5) -> tuple[str, ...]:
        """Suggest topics that go with those of a profile, the most telling first."""
        with self._lock:
            found = union([each.matching for each in self._rankings.of(profile)])
            return suggest(self._terms(), self.index, profile, found, limit)

    def explain(self, profile: Profile, pick: Pick, order: Order = Order.MIXED) -> list[Share]:
        """Part the score of a pick by the topics of its profile, the strongest first."""
        with self._lock:
            found = to_pick_from(self._rankings.of(profile, order), self._trending)
            return shares(found, self.index.papers.index(pick.paper))

    def _terms(self) -> tuple[Term, ...]:
        """What the papers are about, collected when somebody first asks."""
        if self._known_terms is None:
            self._known_terms = terms(self.index)
        return self._known_terms

    def _select(self, found: Collection[Ranking], had: int, limit: int, order: Order) -> Selection:
        wanted = to_pick_from(found, self._trending)
        hidden = union([each.hidden for each in found]) | had
        chosen = best(wanted, hidden, limit)
        if order is Order.LIKED:
            chosen = most_liked_first(self.index, chosen)
        picks = tuple([self._pick(number, [each for each in wanted if number in each.values]) for number in chosen])
        fitting = union([each.matching for each in wanted]) & ~hidden
        unfinished = sorted(each.topic.text for each in found if each.topic and each.unfinished)
        return Selection(picks, fitting.bit_count() - len(picks), unfinished=tuple(unfinished))

    def _had(self, seen: Collection[str]) -> int:
        """Find the papers a reader has had, or has had a near-duplicate of."""
        index = self.index
        return bits(index.representative[number] for number, paper in enumerate(index.papers) if paper.id in seen)

    def _pick(self, number: int, found: Sequence[Ranking]) -> Pick:
        """Give the pick of a paper for the topics it fits, made once for all readers with these."""
        key = (number, *found)
        known = self._picks.get(key)
        if known is None:
            why = tuple(
                reason for each in reasons.strongest(found, number) for reason in self._reasons_of(each, number)
            )
            score = sum([each.values[number] for each in found])
            known = Pick(self.index.papers[number], score, why, reasons.snippet(self._sentences_of(number), why))
            self._picks.keep(key, known)
        return known

    def _reasons_of(self, ranking: Ranking, number: int) -> tuple[Reason, ...]:
        key = (ranking, number)
        known = self._reasons.get(key)
        if known is None:
            known = self._reasons.keep(key, tuple(reasons.reasons(self._lookups, ranking.topic, number)))
        return known

    def _sentences_of(self, number: int) -> list[tuple[int, int]]:
        if number not in self._sentences:
            self._sentences[number] = sentences(self.index.papers[number].abstract)
        return self._sentences[number]
