"""Where every word of the papers stands. Knows words and positions, no query.

Two words are neighbours when their positions are. Positions left empty stand for the ends of sentences and fields, so
that no phrase runs across them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from digest.domain import Paper
from digest.topics.words import BREAK, Columns, columns, fold, joinable, stem

# The texts of a paper, in the order in which they are indexed.
TITLE, KEYWORDS, ABSTRACT, ORGANIZATION = range(4)

# What stands at the two positions before a text, which are left empty.
NOTHING = Columns([""] * 2, [0] * 2, [0] * 2, [BREAK] * 2)

K = TypeVar("K")
V = TypeVar("V")


class Postings:
    """Every word of the papers by its position, and the positions by word; never changed once built.

    Papers are known by their number.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.words: list[str] = []
        self.gaps: list[str] = []
        self.starts, self.ends, self.paper_at = array("I"), array("I"), array("I")
        self.field_at = bytearray()
        self.places: dict[str, array[int]] = {}
        # A row a paper: the words in each of its texts, and the positions these take, half-open.
        self.lengths: list[list[int]] = []
        self.spans: list[list[tuple[int, int]]] = []
        for number, paper in enumerate(papers):
            self.spans.append([])
            self.lengths.append([self._add(number, field, texts) for field, texts in enumerate(texts_of(paper))])
        # Words as written, by what their inflections share, and by their spelling without case.
        folds = {word: fold(word) for word in self.places}
        self.by_stem = grouped((stem(folded), word) for word, folded in folds.items())
        self.by_fold = grouped((folded, word) for word, folded in folds.items())
        self._folds = sorted(self.by_fold)

    def _add(self, paper: int, field: int, texts: Iterable[str]) -> int:
        """Place the words of one field, and count them."""
        count, begin = 0, len(self.words)
        for text in texts:
            words = columns(text)
            count += len(words.surfaces)
            _set_apart(words)
            self._place(NOTHING, 0, 0)
            self._place(words, paper, field)
        self.spans[paper].append((begin, len(self.words)))
        return count

    def _place(self, words: Columns, paper: int, field: int) -> None:
        """Give each of these, words and empty ones, the next position."""
        places = self.places
        for at, word in enumerate(words.surfaces, len(self.words)):
            if word:
                known = places.get(word)
                if known is None:
                    places[word] = array("I", (at,))
                else:
                    known.append(at)
        self.words += words.surfaces
        self.gaps += words.gaps
        self.starts.extend(words.starts)
        self.ends.extend(words.ends)
        self.paper_at.extend([paper] * len(words.gaps))
        self.field_at.extend([field] * len(words.gaps))

    def text(self, start: int, end: int) -> str:
        """Write out the words of a stretch."""
        return self.words[start] + "".join(self.gaps[at] + self.words[at] for at in range(start + 1, end))

    def beginning_with(self, prefix: str) -> Iterator[str]:
        """Yield the words, as written, that begin with a folded prefix."""
        for place in range(bisect_left(self._folds, prefix), len(self._folds)):
            if not self._folds[place].startswith(prefix):
                return
            yield from self.by_fold[self._folds[place]]

    def joins(self, place: int) -> bool:
        """Tell whether the word at a position and the next could be written as one."""
        if place + 1 >= len(self.words) or not self.words[place + 1]:
            return False
        return joinable(fold(self.words[place]), self.gaps[place + 1], fold(self.words[place + 1]))


def _set_apart(words: Columns) -> None:
    """Put an empty position between each word and the sentence before it."""
    for place in reversed([place for place, gap in enumerate(words.gaps) if gap == BREAK]):
        words.surfaces.insert(place, "")
        words.starts.insert(place, 0)
        words.ends.insert(place, 0)
        words.gaps.insert(place, BREAK)


def texts_of(paper: Paper) -> tuple[Iterable[str], ...]:
    """List the texts of a paper, in the order in which they are indexed."""
    organization = (paper.organization, paper.organization_handle)
    return (paper.title,), paper.keywords, (paper.abstract,), filter(None, organization)


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Collect the values of each key, in order."""
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return dict(groups)
