"""The one who picks: holds an index, remembers what was worked out for one reader's topics for the next who has them.

All that is remembered is here, with its bounds and its lock; everything else in this room is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from threading import RLock

from digest.domain import Order, Paper, Pick, Reason, Selection
from digest.match import reasons
from digest.match.bitsets import bits, numbers, union
from digest.match.explain import Share, shares
from digest.match.forecasting import forecast
from digest.match.index import indexed
from digest.match.lookups import Lookups
from digest.match.memory import Memory, MemoryOfRepeats
from digest.match.proposals import Proposals, proposals, telling
from digest.match.rank import Ranking, leaves, to_pick_from, trending
from digest.match.rankings import Rankings
from digest.match.related import Theme
from digest.match.relations import Relations
from digest.match.selection import best, most_liked_first
from digest.match.suggestions import stems, suggest, surprising
from digest.match.terms import Term, terms
from digest.match.votes import counted, nudged
from digest.match.work import Meter
from digest.text import sentences
from digest.topics import Phrase, Profile, read_line

# 1.3 kB each. Four fifths of a million readers have a combination of topics that somebody else has; where every topic
# finds something, each reader's is their own, and none is asked for twice.
KEEP_SELECTIONS = 4_000
KEEP_PICKS = 8_000  # some hundred bytes each, 2 MB with their reasons; 50,000 readers of a day see 2,300


class Matcher:
    """Picks papers for profiles. Several threads may use one; they take turns."""

    def __init__(self, papers: Iterable[Paper], *, archive: Matcher | Callable[[], Matcher] | None = None) -> None:
        """With an `archive` of more papers, related ones are found by what topics are about there.

        One that is made when it is first needed costs nothing until somebody wants what is related.
        """
        self.index = indexed(papers)
        self._archive = archive if archive is None or callable(archive) else lambda: archive
        self._numbers = {paper.id: number for number, paper in enumerate(self.index.papers)}
        self._lock = RLock()
        self._lookups = Lookups(self.index)
        self._rankings = Rankings(self._lookups)
        self._relations = Relations(self.index, self._rarity)
        self._trending = trending(self.index)
        self._selections: Memory[object, Selection] = MemoryOfRepeats(KEEP_SELECTIONS)
        self._picks: Memory[object, Pick] = Memory(KEEP_PICKS)
        self._reasons: Memory[tuple[Ranking, int], tuple[Reason, ...]] = Memory(2 * KEEP_PICKS)
        self._sentences: dict[int, list[tuple[int, int]]] = {}
        self._known_terms: tuple[Term, ...] | None = None

    def select(
        self,
        profile: Profile,
        *,
        limit: int,
        seen: Collection[str] = (),
        order: Order = Order.MIXED,
        related: int = 0,
        votes: Mapping[str, int] | None = None,
    ) -> Selection:
        """Pick the papers for a profile, best first, at most `limit`, none of those `seen` (by id).

        Where fewer fit, at most `related` papers near them come with it, apart from the picks. `votes` count what a
        reader said of words (a term to votes for it, or, negative, against it): they move the order a little.
        """
        with self._lock:
            had = self._had(seen) if seen else 0
            found = self._rankings.of(profile, order)
            # On one day most topics find nothing, and readers whose other topics are the same get the same, in any
            # order of theirs.
            key = (limit, had, order, frozenset(found))
            known = self._selections.get(key)
            if known is None:
                known = self._selections.keep(key, self._select(key[3], had, limit, order))
            room = min(related, limit - len(known.picks))
            if room > 0:
                known = replace(known, related=self._related(profile, had, room))
            # Who chose an order of their own gets that.
            moved = votes and order is Order.MIXED
            return replace(known, picks=self._nudged(known.picks, votes)) if moved and votes else known

    def matching(self, profile: Profile) -> set[str]:
        """Find all papers that fit a topic of a profile, near-duplicates too, by id."""
        with self._lock:
            found = union([self._lookups.matching(topic.query, Meter()) for topic in profile.topics])
            return {self.index.papers[number].id for number in numbers(found)}

    def fitting(self, profile: Profile) -> set[str]:
        """Find the papers that `select` picks from, whatever its limit, by id."""
        with self._lock:
            found = self._rankings.of(profile)
            wanted = union([each.matching for each in to_pick_from(found, self._trending)])
            wanted &= ~union([each.hidden for each in found])
            return {self.index.papers[number].id for number in numbers(wanted)}

    def forecast(self, profile: Profile, days: int) -> float:
        """Give the papers a day for a profile, when the papers were listed on so many days."""
        with self._lock:
            found = self._rankings.of(profile)
            return forecast(to_pick_from(found, self._trending), found, days)

    def suggest(self, profile: Profile, limit: int = 5) -> tuple[str, ...]:
        """Suggest topics that go with those of a profile, the most telling first."""
        with self._lock:
            found = union([each.matching for each in self._rankings.of(profile)])
            rated = surprising(self._terms(), len(self.index.papers), found)
            return suggest(rated, profile, limit, self._relations.space)

    def explain(self, profile: Profile, pick: Pick, order: Order = Order.MIXED) -> list[Share]:
        """Part the score of a pick by the topics of its profile, the strongest first."""
        with self._lock:
            found = to_pick_from(self._rankings.of(profile, order), self._trending)
            return shares(found, self._numbers[pick.paper.id])

    def neighbours(self, profile: Profile, limit: int) -> tuple[Pick, ...]:
        """Give the papers nearest to those that fit a profile, and that fit none of its topics themselves."""
        with self._lock:
            without = self._found(profile)
            return self._relations.picks(self._relations.near(self._themes(profile), without)[:limit])

    def related(self, paper: str, limit: int) -> tuple[Pick, ...]:
        """Give the papers nearest to another, by its id; none when it is not here."""
        with self._lock:
            number = self._numbers.get(paper)
            return () if number is None else self._relations.picks(self._relations.near_paper(number)[:limit])

    def distinguishing_terms(self, paper: Paper, profile: Profile, limit: int = 3) -> tuple[str, ...]:
        """Name what sets a paper apart from what a profile follows already: what "more like this" adds."""
        with self._lock:
            taken = [
                stems(leaf) for topic in profile.topics for leaf in leaves(topic.query) if isinstance(leaf, Phrase)
            ]
            found = telling(self.index, self._terms(), self._relations.space, indexed([paper]), taken)
            return tuple(term.text for term, _ in islice(found, limit))

    def propose(self, papers: Sequence[Paper], limit: int = 5) -> Proposals:
        """Propose topics, authors and labs to somebody who likes some papers."""
        with self._lock:
            return proposals(self.index, self._terms(), self._relations.space, papers, limit)

    def rarity(self) -> Mapping[str, float]:
        """Say how rare each term is among the papers."""
        with self._lock:
            return self._relations.space.rarity

    def themes(self, profile: Profile) -> list[Theme]:
        """Say what the topics of a profile are about, by the papers that fit best."""
        with self._lock:
            return self._relations.themes(self._rankings.of(profile, Order.BEST))

    def _themes(self, profile: Profile) -> list[Theme]:
        return self._archive().themes(profile) if self._archive else self.themes(profile)

    def _rarity(self) -> Mapping[str, float] | None:
        return self._archive().rarity() if self._archive else None

    def _found(self, profile: Profile) -> int:
        """Find the papers that fit a topic of a profile, or that it hides."""
        return union([each.matching | each.hidden for each in self._rankings.of(profile)])

    def _related(self, profile: Profile, had: int, limit: int) -> tuple[Pick, ...]:
        return self._relations.near_enough(self._themes(profile), self._found(profile) | had, limit)

    def _nudged(self, picks: Sequence[Pick], votes: Mapping[str, int]) -> tuple[Pick, ...]:
        asked = counted(votes)
        found = {word: self._saying(word) for word in asked}
        numbers = {pick.paper.id: self._numbers[pick.paper.id] for pick in picks}
        about = {id: [word for word in asked if found[word] >> number & 1] for id, number in numbers.items()}
        return nudged(picks, asked, about)

    def _saying(self, word: str) -> int:
        return union([self._lookups.matching(topic.query, Meter()) for topic in read_line(word)])

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
        return bits(self.index.representative[self._numbers[id]] for id in seen if id in self._numbers)

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
