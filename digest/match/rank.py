"""How well papers fit a topic: BM25 over the fields, joined with how a paper is trending. Chooses for no reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from digest.domain import Pick
from digest.match.index import Index, numbers
from digest.match.postings import ABSTRACT, KEYWORDS, ORGANIZATION, TITLE
from digest.profile import And, Author, Fact, Not, Or, Phrase, Query, Topic

WEIGHTS = {TITLE: 3.0, KEYWORDS: 2.0, ABSTRACT: 1.0, ORGANIZATION: 3.0}
SATURATION = 1.2  # BM25's k1: how soon another occurrence stops to count
LENGTH_MATTERS = 0.5  # BM25's b
NAMED = 3.0  # an author or a fact counts as an occurrence in the title
TRENDING = 0.15  # the most liked paper of a day gains so much over the least: enough to order equals
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
        _add_scores(index, leaf, relevance)
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


def _add_scores(index: Index, leaf: Phrase | Author | Fact, relevance: dict[int, float]) -> None:
    """Score one condition in every paper that fits the topic and meets it."""
    found = _times(index, leaf) if isinstance(leaf, Phrase) else dict.fromkeys(index.fact(leaf), NAMED)
    rarity = index.rarity(len(found))
    for number, times in found.items():
        if number in relevance:
            relevance[number] += rarity * times / (SATURATION + times)


def _times(index: Index, phrase: Phrase) -> dict[int, float]:
    """Count how often a phrase stands in each paper, every field by its weight and its length."""
    field_at = index.postings.field_at
    return {
        number: sum(_worth(index, number, field_at[start]) for start, _ in stretches)
        for number, stretches in index.phrase(phrase).items()
    }


def _worth(index: Index, number: int, name: int) -> float:
    """Weigh one occurrence: the same words say less in a longer text."""
    length = index.postings.lengths[number][name] / index.mean_lengths[name]
    return WEIGHTS[name] / (1 - LENGTH_MATTERS + LENGTH_MATTERS * length)
