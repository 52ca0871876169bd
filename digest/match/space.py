"""What each paper is about, as weighed terms, and which papers are near each other. Knows no topics, needs no model.

A term is a word by its stem, or two in a row. A paper is the terms of its title and abstract, weighed by how often it
has them and how few papers do (tf-idf), with length 1: the product of two is the cosine between them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from typing import TypeAlias

from digest.match.index import Index
from digest.match.postings import ABSTRACT, TITLE, Postings
from digest.topics.words import BREAK, fold, is_function_word, stem

IN_TITLE = 2  # times as often as in the abstract
FEWEST_HOLDERS = 2  # papers with a term: one that nobody shares brings nobody near
TERMS_OF_A_MIDDLE = 50  # what several papers have in common is said in so many; more of them only blur it

Vector: TypeAlias = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Space:
    """The papers by what they are about, those that hold each term, and how alike any two papers are."""

    vectors: tuple[Vector, ...]
    holders: Mapping[str, Sequence[tuple[int, float]]]
    rarity: Mapping[str, float]
    alikeness: float


def spaced(index: Index, rarity: Mapping[str, float] | None = None) -> Space:
    """Weigh the terms of the papers; by the rarity they have in an archive, if it is given."""
    counts = [_counts(index.postings, number) for number in range(len(index.papers))]
    rare = _rarity(counts) if rarity is None else rarity
    vectors = tuple(_weighed(terms, rare) for terms in counts)
    holders: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, vector in enumerate(vectors):
        for term, weight in vector.items():
            holders[term].append((number, weight))
    return Space(vectors, dict(holders), rare, _alikeness(holders, len(vectors)))


def middle(vectors: Iterable[Vector]) -> Vector:
    """Say what papers have in common: the middle between them, in its heaviest terms."""
    together: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        for term, weight in vector.items():
            together[term] += weight
    # Of terms with the same weight, the first in the alphabet: whatever the order of the papers.
    heaviest = sorted(together, key=lambda term: (-together[term], term))[:TERMS_OF_A_MIDDLE]
    return _normal({term: together[term] for term in heaviest})


def nearness(space: Space, vector: Vector) -> dict[int, float]:
    """Say how near each paper is to a vector, if it is at all."""
    near: defaultdict[int, float] = defaultdict(float)
    for term, weight in vector.items():
        for number, held in space.holders.get(term, ()):
            near[number] += weight * held
    return near


def shared(one: Vector, other: Vector) -> list[str]:
    """List the terms two vectors share, the most telling first."""
    return sorted(one.keys() & other.keys(), key=lambda term: (-one[term] * other[term], term))


def placed(postings: Postings, number: int) -> Iterator[tuple[str, int, int, int]]:
    """Yield the terms of a paper, each with the positions where it stands, half-open, and its field."""
    for field in (TITLE, ABSTRACT):
        last = ""
        for place in range(*postings.spans[number][field]):
            word = postings.words[place]
            here = _telling(word) if word else ""
            if here:
                yield here, place, place + 1, field
                if last and postings.gaps[place] != BREAK:
                    yield f"{last} {here}", place - 1, place + 1, field
            last = here


def _alikeness(holders: Mapping[str, Sequence[tuple[int, float]]], papers: int) -> float:
    """Give the mean cosine between two papers."""
    weights = [[weight for _, weight in held] for held in holders.values()]
    pairs = sum(sum(held) ** 2 - sum([weight * weight for weight in held]) for held in weights)
    return pairs / max(1, papers * (papers - 1))


def _counts(postings: Postings, number: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for term, _, _, field in placed(postings, number):
        counts[term] += IN_TITLE if field == TITLE else 1
    return counts


def _rarity(counts: Sequence[Counter[str]]) -> dict[str, float]:
    held = Counter(term for terms in counts for term in terms)
    return {term: log(len(counts) / many) for term, many in held.items() if FEWEST_HOLDERS <= many < len(counts)}


def _weighed(counts: Mapping[str, int], rarity: Mapping[str, float]) -> Vector:
    return _normal({term: (1 + log(many)) * rarity[term] for term, many in counts.items() if term in rarity})


def _normal(vector: Mapping[str, float]) -> Vector:
    length = sqrt(sum([weight * weight for weight in vector.values()])) or 1.0
    return {term: weight / length for term, weight in vector.items()}


@lru_cache(maxsize=1 << 16)
def _telling(word: str) -> str:
    """Give the stem of a word that may say something, else nothing."""
    return "" if len(word) < 2 or word.isdigit() or is_function_word(word) else stem(fold(word))
