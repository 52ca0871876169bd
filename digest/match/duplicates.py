"""Which papers are nearly the same as another. Compares titles and abstracts, never ids.

Papers that may be alike are found by a few stretches of words they share, and only those are compared whole: indexing
costs little when nothing repeats, as on most days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias
from zlib import crc32

from digest.match.postings import ABSTRACT, TITLE, Postings
from digest.topics.words import fold

STRETCH = 6  # words: papers share so many in a row by chance only in a stock sentence
ALIKE = 0.6  # share of the stretches of the shorter one: a revised abstract keeps more, a follow-up paper less
FEWEST_SHARED = 12  # stretches: less than two sentences in common prove nothing
SAMPLED = 4  # one stretch in so many is looked up: of the 12 that are shared at least, one nearly always is
SHORT = 96  # words: all stretches of a text like that are looked up

Stretch: TypeAlias = tuple[str, ...]


def representatives(postings: Postings) -> tuple[int, ...]:
    """Say for each paper which one stands for it: itself, or the first that is nearly the same."""
    words = list(_texts(postings))
    sampled = _sampled(word for _, abstract in words for word in abstract)
    stands_for = list(range(len(words)))
    holders: defaultdict[Stretch, list[int]] = defaultdict(list)
    whole: dict[int, set[Stretch]] = {}
    for number, texts in enumerate(words):
        sample = list(_sample(*texts, sampled))
        candidates = Counter(holder for stretch in sample for holder in holders[stretch])
        alike = [
            holder
            for holder, count in candidates.items()
            if _may_be_alike(count, len(sample), exact=max(len(words[holder][1]), len(texts[1])) < SHORT)
            and _are_alike(holder, number, words, whole)
        ]
        if alike:
            stands_for[number] = min(alike)
            continue
        for stretch in sample:
            holders[stretch].append(number)
    return tuple(stands_for)


def _may_be_alike(shared: int, sample: int, *, exact: bool) -> bool:
    """Tell by the sampled stretches whether papers are worth comparing: short texts share no others."""
    return shared >= min(sample, FEWEST_SHARED if exact else FEWEST_SHARED // SAMPLED)


def _are_alike(one: int, other: int, words: Sequence[tuple[Stretch, Stretch]], whole: dict[int, set[Stretch]]) -> bool:
    for number in (one, other):
        if number not in whole:
            whole[number] = set(_stretches(*words[number]))
    few, many = whole[other], whole[one]
    shared = len(few & many)
    return shared == len(few) or shared >= max(FEWEST_SHARED, ALIKE * min(len(few), len(many)))


def _stretches(title: Stretch, abstract: Stretch) -> Iterator[Stretch]:
    yield title
    for at in range(max(1, len(abstract) - STRETCH + 1)):
        yield abstract[at : at + STRETCH]


def _sample(title: Stretch, abstract: Stretch, sampled: Collection[str]) -> Iterator[Stretch]:
    """Yield the title, and the stretches that begin with one of the sampled words."""
    yield title
    for at in range(max(1, len(abstract) - STRETCH + 1)):
        if len(abstract) < SHORT or abstract[at] in sampled:
            yield abstract[at : at + STRETCH]


def _texts(postings: Postings) -> Iterator[tuple[Stretch, Stretch]]:
    """Yield the folded words of each title and abstract."""
    folded = list(map(fold, postings.words))
    for spans in postings.spans:
        title, abstract = (tuple(filter(None, folded[slice(*spans[field])])) for field in (TITLE, ABSTRACT))
        yield title, abstract


def _sampled(words: Iterable[str]) -> set[str]:
    """Choose the words with which a stretch begins that is looked up: always the same, unlike by their hashes."""
    return {word for word in set(words) if crc32(word.encode()) % SAMPLED == 0}
