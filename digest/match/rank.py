"""The order of the papers for one topic: how well they fit, joined with how they trend. Chooses for no reader."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import chain

from digest.domain import Reason
from digest.match.index import Index, numbers
from digest.match.scoring import scores
from digest.topics import KEEP_LINES, MOST_TOPICS, And, Author, Fact, Not, Or, Phrase, Profile, Query, Topic, read_line

TRENDING = 0.1  # the most liked paper of a day gains so much over the least: enough to order equals
SPREAD = 0.5  # how fast the papers of one topic give way to those of another


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The papers that fit a topic, best first, each with what it is worth to a reader, and those it hides.

    `reasons` are worked out by `explain` when somebody gets the paper.

    Two rankings are equal when they are the same one, for there is one a topic, and one for all that find nothing.
    """

    topic: Topic | None
    matching: int = 0
    values: dict[int, float] = field(default_factory=dict)
    order: tuple[int, ...] = ()
    hidden: int = 0
    reasons: dict[int, tuple[Reason, ...]] = field(default_factory=dict)


FOUND_NOTHING = Ranking(None)


def rankings(index: Index, profile: Profile) -> list[Ranking]:
    """Rank the papers for each topic and exclusion of a profile, each once for all readers who wrote the same line."""
    try:
        found = map(index.rankings.__getitem__, profile.lines)
        return [*chain.from_iterable(found)][:MOST_TOPICS]
    except KeyError:
        if len(index.rankings) >= KEEP_LINES:
            index.rankings.clear()
        for line in profile.lines:
            if line not in index.rankings:
                index.rankings[line] = tuple(_rank(index, topic) for topic in read_line(line))
        return rankings(index, profile)


def to_pick_from(index: Index, found: Collection[Ranking]) -> list[Ranking]:
    """Choose the rankings that find something, in an order of their own; none followed means what is trending."""
    if all(each.topic and each.topic.excludes for each in found):
        return [_trending(index)]
    return sorted([each for each in found if each.order], key=_written)


def _written(ranking: Ranking) -> str:
    return ranking.topic.text if ranking.topic else ""


def _trending(index: Index) -> Ranking:
    """Rank all papers by upvotes."""
    if index.trending is None:
        matching = index.all & ~index.repeated
        order = tuple(numbers(matching))
        index.trending = Ranking(None, matching, {number: index.trend[number] for number in order}, order)
    return index.trending


def _rank(index: Index, topic: Topic) -> Ranking:
    found = index.matching(topic.query)
    if topic.excludes:
        return Ranking(topic, hidden=found)
    matching = found & ~index.repeated
    if not matching:
        return FOUND_NOTHING
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
