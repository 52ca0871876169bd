"""Where every word of the papers stands. Knows words and positions, no query.

Two words are neighbours when their positions are. Positions left empty stand for the ends of sentences and fields, so
that no phrase runs across them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from digest.domain import Paper
from digest.topics.words import BREAK, Token, cut, fold, joinable, stem

# The texts of a paper, in the order in which they are indexed.
TITLE, KEYWORDS, ABSTRACT, ORGANIZATION = range(4)

# What stands at a position that is left empty.
NOTHING = Token("", 0, 0, BREAK)

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
        self.by_stem = grouped((stem(fold(word)), word) for word in self.places)
        self.by_fold = grouped((fold(word), word) for word in self.places)
        self._folds = sorted(self.by_fold)

    def _add(self, paper: int, field: int, texts: Iterable[str]) -> int:
        """Place the words of one field, and count them."""
        count, begin = 0, len(self.words)
        for text in texts:
            tokens = list(cut(text))
            count += len(tokens)
            self._place([NOTHING, NOTHING], 0, 0)
            self._place([each for token in tokens for each in _with_break(token)], paper, field)
        self.spans[paper].append((begin, len(self.words)))
        return count

    def _place(self, tokens: Sequence[Token], paper: int, field: int) -> None:
        """Give each of these, words and empty ones, the next position."""
        if not tokens:
            return
        words, starts, ends, gaps = zip(*tokens, strict=True)
        for at, word in enumerate(words, len(self.words)):
            if word:
                known = self.places.get(word)
                if known is None:
                    known = self.places[word] = array("I")
                known.append(at)
        self.words += words
        self.gaps += gaps
        self.starts.extend(starts)
        self.ends.extend(ends)
        self.paper_at.extend([paper] * len(tokens))
        self.field_at.extend([field] * len(tokens))

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


def _with_break(token: Token) -> tuple[Token, ...]:
    """Keep an empty position between a word and the sentence before it."""
    return (NOTHING, token) if token.gap == BREAK else (token,)


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
