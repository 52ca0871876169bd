"""How much one condition of a topic says for each paper: BM25 over the fields, by how and where the words stand.

An occurrence counts most as the reader wrote it, and standing by itself: "world models" is less of a hit for `model`,
for it names something narrower. The figures were chosen on real days, with the papers' own keywords as the truth
(`make bench`); none of them is worth moving by less than a third.
"""

from __future__ import annotations

from math import log

from digest.match.index import Index
from digest.match.postings import ABSTRACT, KEYWORDS, ORGANIZATION, TITLE
from digest.topics import Author, Fact, Phrase
from digest.topics.words import BREAK, fold, is_function_word

WEIGHTS = {TITLE: 1.75, KEYWORDS: 1.5, ABSTRACT: 1.0, ORGANIZATION: 1.75}
# What is left of an occurrence for each way in which it is less than the thing itself. Titles are terse: one that only
# comes near still says more than an abstract.
LOOSE = {TITLE: 0.6, KEYWORDS: 0.6, ABSTRACT: 0.15, ORGANIZATION: 0.6}
SATURATION = 1.2  # BM25's k1: how soon another occurrence stops to count
LENGTH_MATTERS = 0.5  # BM25's b: the same words say less in a longer text
NAMED = 3.0  # an author or a fact, in occurrences


def scores(index: Index, leaf: Phrase | Author | Fact) -> dict[int, float]:
    """Score every paper that meets a condition."""
    times = _times(index, leaf) if isinstance(leaf, Phrase) else dict.fromkeys(index.fact(leaf), NAMED)
    rarity = _rarity(len(index.papers), len(times))
    return {number: rarity * many / (SATURATION + many) for number, many in times.items()}


def _rarity(papers: int, matching: int) -> float:
    """Weigh a condition: the fewer papers meet it, the more it says."""
    return log(1 + (papers - matching + 0.5) / (matching + 0.5))


def _times(index: Index, phrase: Phrase) -> dict[int, float]:
    """Count how often a phrase stands in each paper, every occurrence for what it is worth."""
    written = "".join(map(str, phrase.words))
    return {
        number: sum(_worth(index, number, written, start, end) for start, end in stretches)
        for number, stretches in index.phrase(phrase).items()
    }


def _worth(index: Index, number: int, written: str, start: int, end: int) -> float:
    """Weigh one occurrence by its field, the length of the text, its spelling and its neighbours."""
    field = index.postings.field_at[start]
    length = index.postings.lengths[number][field] / index.mean_lengths[field]
    looseness = (
        (not _is_as_written(index.postings.text(start, end), written, field))
        + _is_continued(index, start - 1, start)
        + _is_continued(index, end, end)
    )
    return WEIGHTS[field] * LOOSE[field] ** looseness / (1 - LENGTH_MATTERS + LENGTH_MATTERS * length)


def _is_as_written(text: str, written: str, field: int) -> bool:
    """Compare spellings; titles have capitals of their own."""
    return text == written if field == ABSTRACT else fold(text) == fold(written)


def _is_continued(index: Index, neighbour: int, gap: int) -> bool:
    """Tell whether a word beside an occurrence makes it part of a longer name."""
    words, gaps = index.postings.words, index.postings.gaps
    if neighbour >= len(words) or not words[neighbour] or gaps[gap] == BREAK:
        return False
    return not is_function_word(words[neighbour])
