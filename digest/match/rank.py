"""The order of the papers for one topic: how well they fit, joined with how they are liked. Chooses for no reader."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import log2

from digest.domain import Order
from digest.match.bitsets import numbers
from digest.match.index import Index
from digest.match.lookups import Lookups
from digest.match.scoring import rarity, scores
from digest.match.work import Meter, TooMuchWorkError
from digest.topics import And, Author, Fact, Not, Or, Phrase, Query, Topic

SPREAD = 0.5  # how fast the papers of one topic give way to those of another


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The papers that fit a topic, best first, each with what it is worth to a reader, and those it hides.

    A topic that costs too much work is `unfinished` and finds nothing.
    Two rankings are equal when they are the same one, for there is one a topic, and one for all that find nothing.
    """

    topic: Topic | None
    matching: int = 0
    values: Mapping[int, float] = field(default_factory=dict)
    order: tuple[int, ...] = ()
    hidden: int = 0
    unfinished: bool = False


FOUND_NOTHING = Ranking(None)


def rank(lookups: Lookups, topic: Topic, order: Order, meter: Meter) -> Ranking:
    """Rank the papers for a topic, for readers who want them in some order."""
    try:
        found = lookups.matching(topic.query, meter)
        if topic.excludes:
            return Ranking(topic, hidden=found)
        matching = found & ~lookups.index.repeated
        if not matching:
            return FOUND_NOTHING
        return _ranked(lookups.index, topic, matching, _fit(lookups, topic.query, matching, meter), order)
    except TooMuchWorkError:
        return Ranking(topic, unfinished=True)


def _fit(lookups: Lookups, query: Query, matching: int, meter: Meter) -> dict[int, float]:
    """Say how well each paper fits a query, the best one with 1."""
    relevance = dict.fromkeys(numbers(matching), 0.0)
    for leaf in leaves(query):
        for number, score in scores(lookups, leaf, meter).items():
            if number in relevance:
                relevance[number] += score
    best = max(relevance.values()) or 1.0
    return {number: score / best for number, score in relevance.items()}


def _ranked(index: Index, topic: Topic, matching: int, fit: Mapping[int, float], order: Order) -> Ranking:
    # What a narrow topic finds says more about a reader than what a broad one does.
    weight = topic.weight * rarity(len(index.papers), len(fit))
    if order is Order.LIKED:
        worth = {number: (1 + fit[number]) * log2(2 + index.papers[number].upvotes) for number in fit}
    elif order is Order.BEST:
        worth = dict(fit)
    else:
        worth = {number: fit[number] * index.liking[number] for number in fit}
    ordered = sorted(worth, key=lambda number: (-worth[number], number))
    # Each next paper of a topic is worth less, so that a broad topic leaves room for a narrow one.
    values = {number: weight * worth[number] / (1 + SPREAD * place) for place, number in enumerate(ordered)}
    return Ranking(topic, matching, values, tuple(ordered))


def trending(index: Index) -> Ranking:
    """Rank all papers by upvotes, for those who follow nothing."""
    matching = index.all & ~index.repeated
    values = {number: log2(2 + index.papers[number].upvotes) for number in numbers(matching)}
    return Ranking(None, matching, values, tuple(values))


def to_pick_from(found: Collection[Ranking], trending: Ranking) -> list[Ranking]:
    """Choose the rankings that find something, in an order of their own; none followed means what is trending."""
    if all(each.topic and each.topic.excludes for each in found):
        return [trending]
    return sorted([each for each in found if each.order], key=_written)


def _written(ranking: Ranking) -> str:
    return ranking.topic.text if ranking.topic else ""


def leaves(query: Query) -> Iterator[Phrase | Author | Fact]:
    """Yield the conditions a paper is wanted for, not those it is unwanted for."""
    if isinstance(query, And | Or):
        for part in query.parts:
            yield from leaves(part)
    elif not isinstance(query, Not):
        yield query
