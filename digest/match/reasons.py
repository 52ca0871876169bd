"""Why a paper was picked, and which sentence shows it. Explains what `rank` ranked, and ranks nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import TypeAlias

from digest.domain import Paper, Reason
from digest.match.index import Index
from digest.match.lookups import Lookups, Stretch
from digest.match.rank import Ranking, leaves
from digest.match.work import Meter
from digest.topics import Author, Phrase, Topic

Span: TypeAlias = tuple[int, int]  # half-open, in characters

_FACTS = {"cat": "category", "source": "source", "upvotes": "upvotes", "has": "has"}


def strongest(found: Iterable[Ranking], number: int) -> list[Ranking]:
    """Order the rankings a paper is in by what each adds to its score."""
    return sorted(found, key=lambda each: each.values[number], reverse=True)


def reasons(lookups: Lookups, topic: Topic | None, number: int) -> Iterator[Reason]:
    """Yield what of a topic matched in a paper: its texts first, each once, then persons and facts."""
    if topic is None:
        yield Reason("", "trending")
        return
    index, meter = lookups.index, Meter()
    wanted = list(leaves(topic.query))
    phrases = [lookups.phrase(leaf, meter) for leaf in wanted if isinstance(leaf, Phrase)]
    places = {place for found in phrases for place in found.get(number, ())}
    for field, read in enumerate((_in_title, _in_keywords, _in_abstract, _in_organization)):
        here = sorted(place for place in places if index.postings.field_at[place[0]] == field)
        if here:
            yield read(index, topic.text, index.papers[number], here)
    for leaf in wanted:
        if not isinstance(leaf, Phrase) and number in (facts := lookups.fact(leaf, meter)):
            name = "author" if isinstance(leaf, Author) else _FACTS[leaf.field]
            yield Reason(topic.text, name, tuple(facts[number]))


def _in_title(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return _in_text(index, topic, "title", paper.title, places)


def _in_abstract(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return _in_text(index, topic, "abstract", paper.abstract, places)


def _in_text(index: Index, topic: str, field: str, text: str, places: list[Stretch]) -> Reason:
    spans = merged((index.postings.starts[start], index.postings.ends[end - 1]) for start, end in places)
    return Reason(topic, field, tuple(dict.fromkeys(text[start:end] for start, end in spans)), spans)


def _in_keywords(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return Reason(topic, "keywords", tuple(dict.fromkeys(index.postings.text(*place) for place in places)))


def _in_organization(index: Index, topic: str, paper: Paper, places: list[Stretch]) -> Reason:
    return Reason(topic, "organization", (paper.organization or paper.organization_handle,))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join spans that overlap, so that they can be highlighted one after the other."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def snippet(stand: Sequence[Span], found: Iterable[Reason]) -> Span:
    """Choose, of the sentences of an abstract, the one with the most matches; the first, if there are none."""
    spans = {span for reason in found if reason.field == "abstract" for span in reason.spans}
    matches = Counter([bisect_right(stand, (start, inf)) - 1 for start, _ in spans])
    # Of sentences with as many, the first.
    start, end = stand[min(matches, key=lambda place: (-matches[place], place), default=0)]
    # A match may go on beyond what looks like the end.
    return start, max([end, *(span[1] for span in spans if start <= span[0] < end)])
