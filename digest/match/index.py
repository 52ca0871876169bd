"""The papers of a window, indexed once and never changed. Holds what any topic needs to know of them, and no topic.

Papers are numbered by upvotes, then id: the lower number wins a tie. A set of papers is the bits of an int.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from digest.domain import Paper
from digest.match.authors import Authors
from digest.match.bitsets import bits
from digest.match.duplicates import representatives
from digest.match.liking import likings
from digest.match.postings import Postings


@dataclass(frozen=True, slots=True)
class Index:
    """The papers, where their words stand, who wrote them, how they are liked, and which repeat another.

    `representative` has for each paper the one that stands for it and its near-duplicates; `repeated` are the papers
    that another one stands for.
    """

    papers: tuple[Paper, ...]
    postings: Postings
    authors: Authors
    liking: tuple[float, ...]
    mean_lengths: tuple[float, ...]
    representative: tuple[int, ...]
    repeated: int

    @property
    def all(self) -> int:
        return (1 << len(self.papers)) - 1


def indexed(papers: Iterable[Paper]) -> Index:
    """Index papers; of two with one id, the later one counts."""
    newest = {paper.id: paper for paper in papers}
    ordered = tuple(sorted(newest.values(), key=lambda paper: (-paper.upvotes, paper.id)))
    postings = Postings(ordered)
    representative = representatives(postings)
    return Index(
        ordered,
        postings,
        Authors(ordered),
        likings(ordered),
        # The mean number of words in each text of a paper.
        tuple(max(1.0, sum(lengths) / len(lengths)) for lengths in zip(*postings.lengths, strict=True)),
        representative,
        bits(number for number, other in enumerate(representative) if number != other),
    )
