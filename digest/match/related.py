"""What is near what readers follow, without their words. Nothing found here is ever a match, or counted as one.

What the best matches of a topic have in common says what it is about in other words; a paper near that middle, which no
topic of the reader matches, is related. Abbreviations and long forms that the papers themselves introduce count as the
nearest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from digest.domain import Pick, Reason
from digest.match.index import Index
from digest.match.space import Space, Vector, middle, nearness, placed, shared
from digest.match.stock import is_glue, is_scholarly
from digest.topics.words import fold, is_name, stem

SEEDS = 15  # best matches: fewer are a matter of luck, more of them no longer fit
# For a place in a reason: in at most one of ten papers of the archive (docs/matching.md). A young archive gives none.
LEAST_RARITY = log(10)
SHOWN_TERMS = 2  # in a reason: what a reader takes in at a glance
# For a place in a digest. Of papers as near that do not have the words, one in twelve carries the topic as a keyword,
# eight times as many as by chance (days for choosing); nearer ones are rare.
LEAST_NEARNESS = 0.12


@dataclass(frozen=True, slots=True)
class Theme:
    """What a topic is about, in other words: the stems of its own, and the middle of its best matches."""

    topic: str
    own: frozenset[str]
    middle: Vector


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A paper by its number, how near it is, to which theme."""

    number: int
    nearness: float
    theme: Theme


def theme(topic: str, own: Iterable[str], space: Space, best: Sequence[int]) -> Theme:
    """Describe a topic by its best matches in a space."""
    return Theme(topic, frozenset(own), middle(space.vectors[number] for number in best[:SEEDS]))


def neighbours(space: Space, themes: Iterable[Theme], without: int) -> list[Neighbour]:
    """Find the papers near any of some themes, the nearest first, but for those in a set of bits."""
    nearest: dict[int, Neighbour] = {}
    for each in themes:
        for number, near in nearness(space, each.middle).items():
            known = nearest.get(number)
            if not without >> number & 1 and (known is None or near > known.nearness):
                nearest[number] = Neighbour(number, near, each)
    return sorted(nearest.values(), key=lambda each: (-each.nearness, each.number))


def telling(space: Space, neighbour: Neighbour) -> list[str]:
    """List the terms that bring a paper near a theme, the strongest first, without the topic's own words.

    Only those that set papers apart: neither words that every abstract has, nor what too many papers are about.
    """
    own = neighbour.theme.own
    terms: list[str] = []
    for term in shared(neighbour.theme.middle, space.vectors[neighbour.number]):
        words = set(term.split(" "))
        if space.rarity[term] < LEAST_RARITY or any(is_glue(word) or is_scholarly(word) for word in words):
            continue
        # Once "draft model" is said, "draft" says no more.
        if not words <= own and not any(words & set(said.split(" ")) for said in terms):
            terms.append(term)
    return terms


def pick(index: Index, space: Space, neighbour: Neighbour) -> Pick:
    """Make a pick of a neighbour, which says what it shares with the papers on the topic."""
    terms = telling(space, neighbour)[:SHOWN_TERMS]
    written = as_written(index, neighbour.number, terms)
    reason = Reason(neighbour.theme.topic, "related", tuple(written[term] for term in terms))
    return Pick(index.papers[neighbour.number], neighbour.nearness, (reason,))


def as_written(index: Index, number: int, terms: Collection[str]) -> Mapping[str, str]:
    """Say how a paper writes its terms: in small letters, but for names."""
    found: dict[str, str] = {}
    for term, start, end, _ in placed(index.postings, number):
        if term in terms and term not in found:
            found[term] = typed(index.postings.text(start, end))
    return found


def typed(text: str) -> str:
    """Write a term as a reader would: small letters, names as they are."""
    return " ".join("-".join(w if is_name(w) else fold(w) for w in part.split("-")) for part in text.split(" "))


def stems(text: str) -> frozenset[str]:
    """Give the stems of the words of a text."""
    return frozenset(stem(fold(word)) for word in text.replace("-", " ").split())
