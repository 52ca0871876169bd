"""The papers of a window, indexed once, so that any topic is a look-up. Says which papers match, not how well.

Papers are numbered by upvotes, then id: the lower number wins a tie. A set of papers is the bits of an int.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, reduce
from operator import eq, ge, gt, le, lt, or_
from typing import TYPE_CHECKING, TypeAlias

from digest.domain import Paper, Pick, Selection
from digest.match.authors import Authors
from digest.match.duplicates import representatives
from digest.match.phrases import Phrases
from digest.match.postings import ABSTRACT, KEYWORDS, ORGANIZATION, TITLE, Postings, grouped
from digest.topics import And, Author, Fact, Not, Or, Phrase, Query

if TYPE_CHECKING:
    from digest.match.rank import Ranking
    from digest.match.suggestions import Term

SEARCHED = {"": {TITLE, KEYWORDS, ABSTRACT}, "title": {TITLE}, "abstract": {ABSTRACT}, "org": {ORGANIZATION}}

Stretch: TypeAlias = tuple[int, int]  # half-open, in positions


class Index:
    """What is worked out for one reader's topic is kept for the next who has the same."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        newest = {paper.id: paper for paper in papers}
        self.papers = sorted(newest.values(), key=lambda paper: (-paper.upvotes, paper.id))
        self.postings = Postings(self.papers)
        self.all = (1 << len(self.papers)) - 1
        self.rankings: dict[str, tuple[Ranking, ...]] = {}  # by line, as written; see `rank`
        self.trending: Ranking | None = None  # what those get who follow nothing; see `rank`
        self.terms: list[Term] = []  # what the papers are about; see `suggestions`
        self.selections: dict[object, Selection] = {}  # by what was found and is allowed; see `selection`
        self.picks: dict[object, Pick] = {}  # by paper and rankings; see `explain`
        self.sentences: dict[int, list[tuple[int, int]]] = {}  # of each abstract; see `explain`
        self._phrases = Phrases(self.postings)
        self._stretches: dict[Phrase, dict[int, list[Stretch]]] = {}
        self._facts: dict[Author | Fact, dict[int, list[str]]] = {}

    def matching(self, query: Query) -> int:
        """Find the papers that a query matches."""
        if isinstance(query, Not):
            return self.all & ~self.matching(query.part)
        if isinstance(query, And):
            found = self.all
            for part in query.parts:
                found &= self.matching(part)
            return found
        if isinstance(query, Or):
            return union(map(self.matching, query.parts))
        return bits(self.phrase(query) if isinstance(query, Phrase) else self.fact(query))

    def phrase(self, phrase: Phrase) -> dict[int, list[Stretch]]:
        """Find the papers in which a phrase stands, and where, in the fields it is searched in."""
        if phrase not in self._stretches:
            postings, fields = self.postings, SEARCHED[phrase.field]
            self._stretches[phrase] = grouped(
                (postings.paper_at[start], (start, end))
                for start, end in sorted(self._phrases.places(phrase).items())
                if postings.field_at[start] in fields
            )
        return self._stretches[phrase]

    def fact(self, fact: Author | Fact) -> dict[int, list[str]]:
        """Find the papers of which something is true, and whose name or which value it is."""
        if fact not in self._facts:
            self._facts[fact] = self._look_up(fact)
        return self._facts[fact]

    def _look_up(self, fact: Author | Fact) -> dict[int, list[str]]:
        if isinstance(fact, Author):
            return self._authors.wanted(fact)
        has = _FACTS[fact.field]
        return {number: [fact.value] for number, paper in enumerate(self.papers) if has(paper, fact)}

    @cached_property
    def _authors(self) -> Authors:
        return Authors(self.papers)

    @cached_property
    def representative(self) -> list[int]:
        """For each paper the one that stands for it and its near-duplicates."""
        return representatives(self.papers)

    @cached_property
    def repeated(self) -> int:
        """The papers that another one stands for."""
        return bits(number for number, other in enumerate(self.representative) if number != other)

    @cached_property
    def trend(self) -> list[float]:
        """How each paper does among those of its day: the share of them that has fewer upvotes."""
        days = {day: sorted(upvotes) for day, upvotes in grouped((p.listed_on, p.upvotes) for p in self.papers).items()}
        return [bisect_left(days[p.listed_on], p.upvotes) / len(days[p.listed_on]) for p in self.papers]

    @cached_property
    def mean_lengths(self) -> list[float]:
        """The mean number of words in each text of a paper."""
        return [max(1.0, sum(lengths) / len(lengths)) for lengths in zip(*self.postings.lengths, strict=True)]


def bits(numbers: Iterable[int]) -> int:
    """Write a set of numbers as the bits of an int."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def union(sets: Iterable[int]) -> int:
    """Join sets of bits."""
    return reduce(or_, sets, 0)


def numbers(found: int) -> Iterator[int]:
    """Yield the numbers in a set of bits, ascending."""
    while found:
        lowest = found & -found
        yield lowest.bit_length() - 1
        found ^= lowest


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
