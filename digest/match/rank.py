"""The order of the papers for one topic: how well they fit, joined with how they trend. Chooses for no reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from digest.domain import Pick
from digest.match.index import Index, numbers
from digest.match.scoring import scores
from digest.profile import And, Author, Fact, Not, Or, Phrase, Query, Topic

TRENDING = 0.1  # the most liked paper of a day gains so much over the least: enough to order equals
SPREAD = 0.5  # how fast the papers of one topic give way to those of another


@dataclass(frozen=True, slots=True)
class Ranking:
    """The papers that fit a topic, best first, each with what it is worth to a reader; `picks` are made as needed."""

    topic: Topic | None
    matching: int
    values: dict[int, float]
    order: tuple[int, ...]
    picks: dict[int, Pick] = field(default_factory=dict)


def ranking(index: Index, topic: Topic) -> Ranking:
    """Rank the papers for a topic, once for all readers who have it."""
    known = index.rankings.get(topic.text)
    if known is None:
        known = index.rankings[topic.text] = _rank(index, topic)
    return known


def trending(index: Index) -> Ranking:
    """Rank all papers by upvotes."""
    if "" not in index.rankings:
        matching = index.all & ~index.repeated
        order = tuple(numbers(matching))
        index.rankings[""] = Ranking(None, matching, {number: index.trend[number] for number in order}, order)
    return index.rankings[""]


def _rank(index: Index, topic: Topic) -> Ranking:
    matching = index.matching(topic.query) & ~index.repeated
    relevance = dict.fromkeys(numbers(matching), 0.0)
    for leaf in leaves(topic.query):
        for number, score in scores(index, leaf).items():
            if number in relevance:
                relevance[number] += score
    for number in relevance:
        relevance[number] *= 1 + TRENDING * index.trend[number]
    order = sorted(relevance, key=lambda number: (-relevance[number], number))
    # Each next paper of a topic is worth less, so that a broad topic leaves room for a narrow one.
    values = {number: topic.weight * relevance[number] / (1 + SPREAD * place) for place, number in enumerate(order)}
    return Ranking(topic, matching, values, tuple(order))


def leaves(query: Query) -> Iterator[Phrase | Author | Fact]:
    """Yield the conditions a paper is wanted for, not those it is unwanted for."""
    if isinstance(query, And | Or):
        for part in query.parts:
            yield from leaves(part)
    elif not isinstance(query, Not):
        yield query
