"""What the papers are about: the names and runs of words that several of them use. Chooses none for a reader."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from digest.match.index import Index
from digest.match.postings import ABSTRACT, TITLE
from digest.match.related import typed
from digest.match.stock import is_glue, is_scholarly
from digest.topics.words import BREAK, fold, is_name, stem

LONGEST = 3  # words: longer terms are rarely used twice
FEWEST_PAPERS = 3  # with a term, for it to be one that people use
MOSTLY = 0.6  # of its papers: a run that so often is part of a longer one is a fragment of it

# What shows that a run without spaces is an address: its pieces are no words.
_IN_AN_ADDRESS = re.compile(r"https?:|www\.|\.(?:ai|app|co|com|dev|edu|io|me|net|org)\b", re.IGNORECASE)
_RUN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that papers use together: how they are mostly written, their stems, and the papers."""

    text: str
    stems: frozenset[str]
    papers: int


def terms(index: Index) -> tuple[Term, ...]:
    """Collect the terms of the papers."""
    papers: defaultdict[tuple[str, ...], int] = defaultdict(int)
    texts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for number in range(len(index.papers)):
        for stems, text in runs(index, number):
            papers[stems] |= 1 << number
            texts[stems][text] += 1
    fragments = set(_fragments(papers))
    return tuple(
        Term(texts[stems].most_common(1)[0][0], frozenset(stems), found)
        for stems, found in papers.items()
        if found.bit_count() >= FEWEST_PAPERS and stems not in fragments
    )


def runs(index: Index, number: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every name and every run of telling words in a paper, as stems and as a reader would type it."""
    postings = index.postings
    for field, text in ((TITLE, index.papers[number].title), (ABSTRACT, index.papers[number].abstract)):
        begin, end = postings.spans[number][field]
        told = [_is_telling(word) for word in postings.words[begin:end]]
        # Positions left empty stand nowhere in the text.
        words = [place for place in range(begin, end) if postings.words[place]]
        for at in _in_addresses(text, [postings.starts[place] for place in words]):
            told[words[at] - begin] = False
        yield from _runs(index, begin, told)


def _runs(index: Index, begin: int, told: list[bool]) -> Iterator[tuple[tuple[str, ...], str]]:
    postings = index.postings
    for at, telling in enumerate(told):
        if not telling:
            continue
        word = postings.words[begin + at]
        if is_name(word):
            yield (stem(fold(word)),), word
        stems = [stem(fold(word))]
        for after in range(at + 1, min(at + LONGEST, len(told))):
            if postings.gaps[begin + after] == BREAK or not told[after]:
                break
            stems.append(stem(fold(postings.words[begin + after])))
            yield tuple(stems), _typed(postings.text(begin + at, begin + after + 1))


def _in_addresses(text: str, starts: list[int]) -> Iterator[int]:
    """Yield which of the words that start there stand in an address."""
    if not _IN_AN_ADDRESS.search(text):
        return
    for run in _RUN.finditer(text):
        if _IN_AN_ADDRESS.search(run.group()):
            yield from range(bisect_left(starts, run.start()), bisect_left(starts, run.end()))


def _fragments(papers: Mapping[tuple[str, ...], int]) -> Iterator[tuple[str, ...]]:
    """Yield the runs that are hardly used but in a longer one."""
    for stems, found in papers.items():
        for part in (stems[:-1], stems[1:]):
            if len(part) > 1 and found.bit_count() >= MOSTLY * papers[part].bit_count():
                yield part


@lru_cache(maxsize=1 << 16)
def _is_telling(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and not is_glue(word) and not is_scholarly(word)


_typed = lru_cache(maxsize=1 << 16)(typed)
