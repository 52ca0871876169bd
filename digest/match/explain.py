"""Why a paper was picked, and which sentence shows it. Explains what `rank` ranked, and ranks nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import TypeAlias

from digest.domain import Paper, Pick, Reason
from digest.match.index import Index, Stretch
from digest.match.rank import Ranking, leaves, rankings, to_pick_from
from digest.text import sentences
from digest.topics import Author, Phrase, Profile, Topic

Span: TypeAlias = tuple[int, int]  # half-open, in characters

KEEP_PICKS = 50_000  # some hundred bytes each
_FACTS = {"cat": "category", "source": "source", "upvotes": "upvotes", "has": "has"}


@dataclass(frozen=True, slots=True)
class Share:
    """What one topic adds to a pick's score, and the pick's place among all the papers that fit the topic."""

    topic: str
    score: float
    place: int
    of: int


def shares(index: Index, profile: Profile, pick: Pick) -> list[Share]:
    """Part the score of a pick by the topics of its profile, the strongest first."""
    number = index.papers.index(pick.paper)
    found = [each for each in to_pick_from(index, rankings(index, profile)) if number in each.values]
    return [
        Share(each.topic.text if each.topic else "", each.values[number], 1 + each.order.index(number), len(each.order))
        for each in _strongest(found, number)
    ]


def pick(index: Index, number: int, found: Sequence[Ranking]) -> Pick:
    """Give the pick of a paper for the topics it fits, made once for all readers with these."""
    key = (number, *found)
    known = index.picks.get(key)
    if known is None:
        if len(index.picks) >= KEEP_PICKS:
            index.picks.clear()
        known = index.picks[key] = _pick(index, number, found)
    return known


def _pick(index: Index, number: int, found: Sequence[Ranking]) -> Pick:
    reasons = tuple(chain.from_iterable([_known_reasons(index, each, number) for each in _strongest(found, number)]))
    score = sum(each.values[number] for each in found)
    return Pick(index.papers[number], score, reasons, _snippet(index, number, reasons))


def _strongest(found: Iterable[Ranking], number: int) -> list[Ranking]:
    return sorted(found, key=lambda each: each.values[number], reverse=True)


def _known_reasons(index: Index, ranking: Ranking, number: int) -> tuple[Reason, ...]:
    known = ranking.reasons.get(number)
    if known is None:
        known = ranking.reasons[number] = tuple(_reasons(index, ranking.topic, number))
    return known


def _reasons(index: Index, topic: Topic | None, number: int) -> Iterator[Reason]:
    """Yield what of a topic matched in a paper: its texts first, each once, then persons and facts."""
    if topic is None:
        yield Reason("", "trending")
        return
    wanted = list(leaves(topic.query))
    places = {place for leaf in wanted if isinstance(leaf, Phrase) for place in index.phrase(leaf).get(number, ())}
    paper = index.papers[number]
    for field, read in enumerate((_in_title, _in_keywords, _in_abstract, _in_organization)):
        here = sorted(place for place in places if index.postings.field_at[place[0]] == field)
        if here:
            yield read(index, topic.text, paper, here)
    for leaf in wanted:
        if not isinstance(leaf, Phrase) and number in index.fact(leaf):
            name = "author" if isinstance(leaf, Author) else _FACTS[leaf.field]
            yield Reason(topic.text, name, tuple(index.fact(leaf)[number]))


def _in_title(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return _in_text(index, topic, "title", paper.title, places)


def _in_abstract(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return _in_text(index, topic, "abstract", paper.abstract, places)


def _in_text(index: Index, topic: str, field: str, text: str, places: list[Stretch]) -> Reason:
    spans = _merged((index.postings.starts[start], index.postings.ends[end - 1]) for start, end in places)
    return Reason(topic, field, tuple(dict.fromkeys(text[start:end] for start, end in spans)), spans)


def _in_keywords(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return Reason(topic, "keywords", tuple(dict.fromkeys(index.postings.text(*place) for place in places)))


def _in_organization(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return Reason(topic, "organization", (paper.organization or paper.organization_handle,))


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join spans that overlap, so that they can be highlighted one after the other."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _snippet(index: Index, number: int, reasons: Iterable[Reason]) -> Span:
    """Find the sentence of the abstract with the most matches; the first, if there are none."""
    if number not in index.sentences:
        index.sentences[number] = sentences(index.papers[number].abstract)
    stand = index.sentences[number]
    spans = {span for reason in reasons if reason.field == "abstract" for span in reason.spans}
    matches = Counter([bisect_right(stand, (start, inf)) - 1 for start, _ in spans])
    # Of sentences with as many, the first.
    start, end = stand[min(matches, key=lambda place: (-matches[place], place), default=0)]
    # A match may go on beyond what looks like the end.
    return start, max([end, *(span[1] for span in spans if start <= span[0] < end)])
