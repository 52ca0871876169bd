"""The papers of a matcher by what they are about, worked out when somebody first asks. For one thread at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from digest.domain import Pick
from digest.match.index import Index
from digest.match.memory import Memory
from digest.match.rank import Ranking, leaves
from digest.match.related import LEAST_NEARNESS, SHOWN_TERMS, Neighbour, Theme, neighbours, pick, telling, theme
from digest.match.space import Space, spaced
from digest.topics import Phrase
from digest.topics.words import fold, stem

KEEP_THEMES = 2_000  # of fifty terms each; as many of the lists of what is near, and of picks
KEEP_NEAR = 50  # those of a reader's that match another topic of theirs are left out


class Relations:
    """Finds what is near, and remembers what topics are about."""

    def __init__(self, index: Index, rarity: Callable[[], Mapping[str, float] | None]) -> None:
        self.index = index
        self._rarity = rarity
        self._space: Space | None = None
        self._themes: Memory[Ranking, Theme] = Memory(KEEP_THEMES)
        self._near: Memory[str, tuple[Neighbour, ...]] = Memory(KEEP_THEMES)
        self._picks: Memory[tuple[str, int], Pick] = Memory(KEEP_THEMES)

    @property
    def space(self) -> Space:
        if self._space is None:
            self._space = spaced(self.index, self._rarity())
        return self._space

    def themes(self, found: Iterable[Ranking]) -> list[Theme]:
        """Say what each topic that finds something is about."""
        return [self._theme(ranking) for ranking in found if ranking.topic and ranking.order]

    def near(self, themes: Sequence[Theme], without: int) -> list[Neighbour]:
        """Find the papers near some themes, but for those in a set of bits and those that repeat another."""
        return neighbours(self.space, themes, without | self.index.repeated)

    def near_paper(self, number: int) -> list[Neighbour]:
        """Find the papers near another."""
        paper = Theme(self.index.papers[number].title, frozenset(), self.space.vectors[number])
        same = [other for other, first in enumerate(self.index.representative) if first == number]
        return neighbours(self.space, [paper], self.index.repeated | sum(1 << other for other in same) | 1 << number)

    def near_enough(self, themes: Sequence[Theme], without: int, limit: int) -> tuple[Pick, ...]:
        """Pick the nearest papers, if they are near and it can be said why."""
        near = [each for theme in themes for each in self._nearest(theme) if not without >> each.number & 1]
        nearest: dict[int, Neighbour] = {}
        for each in sorted(near, key=lambda each: (-each.nearness, each.number)):
            nearest.setdefault(each.number, each)
        return tuple([self._kept(each) for each in islice(nearest.values(), limit)])

    def picks(self, found: Iterable[Neighbour]) -> tuple[Pick, ...]:
        return tuple([pick(self.index, self.space, each) for each in found])

    def _kept(self, neighbour: Neighbour) -> Pick:
        key = (neighbour.theme.topic, neighbour.number)
        known = self._picks.get(key)
        return known or self._picks.keep(key, pick(self.index, self.space, neighbour))

    def _nearest(self, theme: Theme) -> tuple[Neighbour, ...]:
        """Find what is near enough to a theme and can be shown; the same for all readers who have its topic."""
        known = self._near.get(theme.topic)
        if known is None:
            near = [each for each in self.near([theme], 0) if each.nearness >= LEAST_NEARNESS][:KEEP_NEAR]
            sayable = tuple([each for each in near if len(telling(self.space, each)) >= SHOWN_TERMS])
            known = self._near.keep(theme.topic, sayable)
        return known

    def _theme(self, ranking: Ranking) -> Theme:
        known = self._themes.get(ranking)
        if known is None:
            assert ranking.topic
            phrases = [leaf for leaf in leaves(ranking.topic.query) if isinstance(leaf, Phrase)]
            own = {stem(fold(word.text)) for phrase in phrases for word in phrase.words}
            made = theme(ranking.topic.text, own, self.space, ranking.order)
            known = self._themes.keep(ranking, made)
        return known
