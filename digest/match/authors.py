"""Whether two names are one person's: any order, initials, accents, double names. Knows names, not papers' texts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from digest.domain import Paper
from digest.match.postings import grouped
from digest.match.work import Meter
from digest.topics.query import Author, Word
from digest.topics.words import HYPHEN, cut, fold


class Person(NamedTuple):
    """A name as papers list it, its spellings, and the papers, by number."""

    listed: str
    spellings: tuple[list[str], ...]
    papers: list[int]


class Authors:
    """The authors of the papers, by each of their names: gone through when somebody first asks for one.

    Few topics name an author, and a search indexes twenty papers each time. For one thread at a time.
    """

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers

    @cached_property
    def _people(self) -> list[Person]:
        listed = grouped((author, number) for number, paper in enumerate(self._papers) for author in {*paper.authors})
        return [Person(name, tuple(spellings(_words(name))), found) for name, found in listed.items()]

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        return grouped(
            (name, place)
            for place, person in enumerate(self._people)
            for name in {name for names in person.spellings for name in names}
        )

    @cached_property
    def _names(self) -> list[str]:
        return sorted(self._by_name)

    def wanted(self, author: Author, meter: Meter) -> dict[int, list[str]]:
        """Find the papers of an author, each with the names they stand under."""
        asked = list(spellings(author.names))
        found = {place for names in asked for name in {*names} for place in self._named(name, meter)}
        meter.spend(len(found))
        people = [self._people[place] for place in found]
        return grouped(sorted((paper, who.listed) for who in people if _is_one(asked, who) for paper in who.papers))

    def _named(self, name: str, meter: Meter) -> Iterator[int]:
        """Yield the people with a name, or with one that begins so."""
        if not name.endswith("*"):
            yield from self._by_name.get(name, ())
            return
        for at in range(bisect_left(self._names, name[:-1]), len(self._names)):
            if not self._names[at].startswith(name[:-1]):
                return
            people = self._by_name[self._names[at]]
            meter.spend(len(people))
            yield from people


def _is_one(asked: Iterable[Sequence[str]], person: Person) -> bool:
    return any(alike(names, have) for names in asked for have in person.spellings)


def spellings(names: Sequence[Word]) -> Iterator[list[str]]:
    """Yield a person's names folded, double names apart, then joined ("Kai-Wei", "Kaiwei"); a prefix has its star."""
    apart = [fold(name.text) + "*" * name.prefix for name in names]
    yield apart
    joined: list[str] = []
    for name, folded in zip(names, apart, strict=True):
        if joined and name.gap == HYPHEN:
            joined[-1] += folded
        else:
            joined.append(folded)
    if len(joined) < len(apart):
        yield joined


def alike(asked: Sequence[str], listed: Sequence[str]) -> bool:
    """Tell whether each name asked for is one of those listed, whole or as an initial, and one of them whole."""
    if len(asked) > len(listed):
        return False
    left = list(listed)
    whole = 0
    # Whole names first, so that an initial does not take a name that another one needs.
    for name in sorted(asked, key=len, reverse=True):
        same = next((other for other in left if _is_whole(name, other)), None)
        other = same or next((other for other in left if _is_initial(name, other)), None)
        if other is None:
            return False
        left.remove(other)
        whole += same is not None
    return whole > 0


def _is_whole(name: str, other: str) -> bool:
    return name == other or (name.endswith("*") and other.startswith(name[:-1]))


def _is_initial(name: str, other: str) -> bool:
    return (len(name) == 1 or len(other) == 1) and name[0] == other[0]


def _words(author: str) -> list[Word]:
    return [Word(token.surface, token.gap) for token in cut(author)]
