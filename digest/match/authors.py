"""Whether two names are one person's: any order, initials, accents, double names. Knows names, not papers' texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from digest.domain import Paper
from digest.match.postings import grouped
from digest.topics.query import Author, Word
from digest.topics.words import HYPHEN, cut, fold


class Authors:
    """The authors of the papers, by each of their names."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._by_name = grouped(
            (name, (number, author))
            for number, paper in enumerate(papers)
            for author in dict.fromkeys(paper.authors)
            for name in {name for names in spellings(_words(author)) for name in names}
        )

    def wanted(self, author: Author) -> dict[int, list[str]]:
        """Find the papers of an author, each with the names they stand under."""
        asked = list(spellings(author.names))
        found = {
            (paper, listed): None
            for names in asked
            for name in names
            for paper, listed in self._named(name)
            if any(alike(names, have) for names in asked for have in spellings(_words(listed)))
        }
        return grouped(sorted(found))

    def _named(self, name: str) -> list[tuple[int, str]]:
        if not name.endswith("*"):
            return self._by_name.get(name, [])
        return [who for known, people in self._by_name.items() if _is_whole(name, known) for who in people]


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
