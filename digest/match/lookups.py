"""Which papers a query matches, and where. Remembers what it looked up; says nothing about how well it fits."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import TypeAlias

from digest.domain import Paper
from digest.match.bitsets import bits, union
from digest.match.index import Index
from digest.match.memory import Memory
from digest.match.phrases import KEEP_PLACES, Phrases
from digest.match.postings import ABSTRACT, KEYWORDS, ORGANIZATION, TITLE, grouped
from digest.match.work import Meter
from digest.topics import And, Author, Fact, Not, Or, Phrase, Query

SEARCHED = {"": {TITLE, KEYWORDS, ABSTRACT}, "title": {TITLE}, "abstract": {ABSTRACT}, "org": {ORGANIZATION}}

Stretch: TypeAlias = tuple[int, int]  # half-open, in positions
Stretches: TypeAlias = dict[int, list[Stretch]]  # by paper
Named: TypeAlias = dict[int, list[str]]  # whose name or which value, by paper


class Lookups:
    """What the conditions of queries find, kept for the next query that has the same. For one thread at a time."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._phrases = Phrases(index.postings)
        # With what they cost.
        self._stretches: Memory[Phrase, tuple[Stretches, int]] = Memory(KEEP_PLACES)
        self._facts: Memory[Author | Fact, tuple[Named, int]] = Memory(KEEP_PLACES)

    def matching(self, query: Query, meter: Meter) -> int:
        """Find the papers that a query matches. Raises TooMuchWorkError."""
        if isinstance(query, Not):
            return self.index.all & ~self.matching(query.part, meter)
        if isinstance(query, And):
            found = self.index.all
            for part in query.parts:
                found &= self.matching(part, meter)
            return found
        if isinstance(query, Or):
            return union([self.matching(part, meter) for part in query.parts])
        return bits(self.phrase(query, meter) if isinstance(query, Phrase) else self.fact(query, meter))

    def phrase(self, phrase: Phrase, meter: Meter) -> Stretches:
        """Find the papers in which a phrase stands, and where, in the fields it is searched in."""
        known = self._stretches.get(phrase)
        if known:
            meter.spend(known[1])
            return known[0]
        before, postings, fields = meter.spent, self.index.postings, SEARCHED[phrase.field]
        places = self._phrases.places(phrase, meter)
        found = grouped(
            (postings.paper_at[start], (start, end))
            for start, end in sorted(places.items())
            if postings.field_at[start] in fields
        )
        if not found:
            # Most of what readers follow is in no paper of a day, and is asked for once.
            return found
        return self._stretches.keep(phrase, (found, meter.spent - before), 4 + len(places))[0]

    def fact(self, fact: Author | Fact, meter: Meter) -> Named:
        """Find the papers of which something is true, and whose name or which value it is."""
        known = self._facts.get(fact)
        if known:
            meter.spend(known[1])
            return known[0]
        before = meter.spent
        found = self._look_up(fact, meter)
        return self._facts.keep(fact, (found, meter.spent - before), 4 + len(found))[0]

    def _look_up(self, fact: Author | Fact, meter: Meter) -> Named:
        if isinstance(fact, Author):
            return self.index.authors.wanted(fact, meter)
        meter.spend(len(self.index.papers))
        has = _FACTS[fact.field]
        return {number: [fact.value] for number, paper in enumerate(self.index.papers) if has(paper, fact)}


def _in_category(paper: Paper, fact: Fact) -> bool:
    """A category contains its subcategories: cs.CL is in cs."""
    wanted = fact.value.casefold()
    return any(f"{category.casefold()}.".startswith(f"{wanted}.") for category in paper.categories)


_COMPARISONS = {">=": ge, "<=": le, ">": gt, "<": lt, "=": eq}
_PROPERTIES: dict[str, Callable[[Paper], str]] = {"code": lambda p: p.code_url, "project": lambda p: p.project_url}
_FACTS: dict[str, Callable[[Paper, Fact], bool]] = {
    "cat": _in_category,
    "source": lambda paper, fact: fact.value in map(str.casefold, paper.sources),
    "upvotes": lambda paper, fact: bool(_COMPARISONS[fact.comparison](paper.upvotes, int(fact.value))),
    "has": lambda paper, fact: bool(_PROPERTIES[fact.value](paper)),
}
