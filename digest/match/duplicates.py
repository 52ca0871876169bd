"""Which papers are nearly the same as another. Compares titles and abstracts, never ids."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from digest.domain import Paper
from digest.topics.words import cut, fold

STRETCH = 6  # words: papers share so many in a row by chance only in a stock sentence
ALIKE = 0.6  # share of the stretches of the shorter one: a revised abstract keeps more, a follow-up paper less
FEWEST_SHARED = 12  # stretches: less than two sentences in common prove nothing


def representatives(papers: Sequence[Paper]) -> list[int]:
    """Say for each paper which one stands for it: itself, or the first that is nearly the same."""
    stands_for = list(range(len(papers)))
    holders: defaultdict[object, list[int]] = defaultdict(list)
    sizes: dict[int, int] = {}
    for number, paper in enumerate(papers):
        stretches = _stretches(paper)
        shared = Counter(holder for stretch in stretches for holder in holders[stretch])
        alike = [
            holder
            for holder, count in shared.items()
            if count == len(stretches) or count >= max(FEWEST_SHARED, ALIKE * min(len(stretches), sizes[holder]))
        ]
        if alike:
            stands_for[number] = min(alike)
            continue
        sizes[number] = len(stretches)
        for stretch in stretches:
            holders[stretch].append(number)
    return stands_for


def _stretches(paper: Paper) -> set[object]:
    """Fingerprint a paper by its title and every stretch of its abstract."""
    title = tuple(fold(token.surface) for token in cut(paper.title))
    words = [fold(token.surface) for token in cut(paper.abstract)]
    return {title, *(hash(tuple(words[at : at + STRETCH])) for at in range(max(1, len(words) - STRETCH + 1)))}
