"""The rankings of a profile's lines, each worked out once for all readers who wrote it, and within a budget of work."""

from __future__ import annotations

from itertools import chain

from digest.domain import Order
from digest.match.lookups import Lookups
from digest.match.memory import Memory
from digest.match.rank import Ranking, rank
from digest.match.work import Meter
from digest.topics import MOST_TOPICS, Profile, read_line

KEEP_LINES = 1 << 14  # 200 bytes where nothing is found; the lines of a million readers are a few thousand
# A topic may cost as much as reading all the papers so many times, and all topics of a reader together as the other:
# some tenth of a second, and half a second, on 1,500 papers. The broadest words of real topics cost a tenth of a topic.
READINGS_A_TOPIC = 2
READINGS_A_PROFILE = 8
# However few the papers, in words: some ten milliseconds, and a tenth of a second.
LEAST_A_TOPIC = 100_000
LEAST_A_PROFILE = 1_000_000
# Of a profile's budget: what costs less is never counted, since no profile has so many topics.
LIGHT = 1 / MOST_TOPICS


class Rankings:
    """What each line of topics finds, for each order. For one thread at a time."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        words = len(lookups.index.postings.words)
        self._a_topic = max(LEAST_A_TOPIC, READINGS_A_TOPIC * words)
        self._a_profile = max(LEAST_A_PROFILE, READINGS_A_PROFILE * words)
        self._lines: dict[Order, Memory[str, tuple[Ranking, ...]]] = {order: Memory(KEEP_LINES) for order in Order}
        self._costly: dict[str, int] = {}
        self._unfinished: Memory[str, tuple[Ranking, ...]] = Memory(KEEP_LINES)

    def of(self, profile: Profile, order: Order = Order.MIXED) -> list[Ranking]:
        """Rank the papers for each topic and exclusion of a profile."""
        try:
            found = [*chain.from_iterable(map(self._lines[order].__getitem__, profile.lines))][:MOST_TOPICS]
        except KeyError:
            return self._within_budget(profile, order)
        if self._costly and not self._costly.keys().isdisjoint(profile.lines):
            return self._within_budget(profile, order)
        return found

    def _within_budget(self, profile: Profile, order: Order) -> list[Ranking]:
        """Go through the lines until the budget is used up; what comes then finds nothing."""
        found: list[Ranking] = []
        left = self._a_profile
        for line in profile.lines:
            found += self._of_line(line, order) if left > 0 else self._nothing(line)
            left -= self._costly.get(line, 0)
            if len(found) >= MOST_TOPICS:
                break
        return found[:MOST_TOPICS]

    def _of_line(self, line: str, order: Order) -> tuple[Ranking, ...]:
        known = self._lines[order].get(line)
        if known is None:
            known = self._lines[order].keep(line, self._ranked(line, order))
        return known

    def _ranked(self, line: str, order: Order) -> tuple[Ranking, ...]:
        found, spent = [], 0
        for topic in read_line(line):
            if spent > self._a_profile:
                found.append(Ranking(topic, unfinished=True))
                continue
            meter = Meter(self._a_topic)
            found.append(rank(self._lookups, topic, order, meter))
            spent += meter.spent
        if spent > LIGHT * self._a_profile:
            self._count(line, spent)
        return tuple(found)

    def _count(self, line: str, spent: int) -> None:
        if len(self._costly) >= KEEP_LINES:
            # A line that is known and not here is taken for light.
            self._costly.clear()
            for known in self._lines.values():
                known.forget()
        self._costly[line] = spent

    def _nothing(self, line: str) -> tuple[Ranking, ...]:
        known = self._unfinished.get(line)
        if known is None:
            known = tuple(Ranking(topic, unfinished=True) for topic in read_line(line))
            self._unfinished.keep(line, known)
        return known
