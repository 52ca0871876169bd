"""How much one condition of a topic says for each paper: BM25 over the fields, by how and where the words stand.

An occurrence counts most as the reader wrote it, and standing by itself: "world models" is less of a hit for `model`,
for it names something narrower. The figures were chosen on days for choosing (`python -m bench.quality`), with the
papers' own keywords as the truth; none of them is worth moving by less than a third (`python -m bench.weights`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from digest.match.index import Index
from digest.match.lookups import Lookups, Stretch
from digest.match.postings import ABSTRACT, KEYWORDS, ORGANIZATION, TITLE
from digest.match.stock import is_glue
from digest.match.work import Meter
from digest.topics import Author, Fact, Phrase
from digest.topics.words import BREAK, HYPHEN, fold, is_function_word

WEIGHTS = {TITLE: 1.25, KEYWORDS: 1.05, ABSTRACT: 1.0, ORGANIZATION: 1.25}
SPELLED_OTHERWISE = 0.05  # left of an occurrence in another inflection, with other hyphens, or in other capitals
LONGER_NAME = (
    0.3  # left of one with a word before it, or behind, that makes it part of a longer name; of a hyphen, twice
)
ABBREVIATED = 3.0  # times as much, where the paper gives the words an abbreviation: it goes on to speak of them
LONGEST_ABBREVIATION = 12  # letters
SATURATION = 1.2  # BM25's k1: how soon another occurrence stops to count
LENGTH_MATTERS = 0.5  # BM25's b: the same words say less in a longer text
NAMED = 3.0  # an author or a fact, in occurrences
WORK = 10  # weighing an occurrence costs so many times looking at a word


def scores(lookups: Lookups, leaf: Phrase | Author | Fact, meter: Meter) -> dict[int, float]:
    """Score every paper that meets a condition."""
    if isinstance(leaf, Phrase):
        times = _times(lookups.index, leaf, lookups.phrase(leaf, meter), meter)
    else:
        times = dict.fromkeys(lookups.fact(leaf, meter), NAMED)
    rare = rarity(len(lookups.index.papers), len(times))
    return {number: rare * many / (SATURATION + many) for number, many in times.items()}


def rarity(papers: int, matching: int) -> float:
    """Weigh a condition: the fewer papers meet it, the more it says."""
    return log(1 + (papers - matching + 0.5) / (matching + 0.5))


def _times(index: Index, phrase: Phrase, found: dict[int, list[Stretch]], meter: Meter) -> dict[int, float]:
    """Count how often a phrase stands in each paper, every occurrence for what it is worth."""
    meter.spend(WORK * sum(map(len, found.values())))
    written = "".join(map(str, phrase.words))
    return {
        number: sum([_worth(index, number, written, start, end) for start, end in stretches])
        for number, stretches in found.items()
    }


def _worth(index: Index, number: int, written: str, start: int, end: int) -> float:
    """Weigh one occurrence by its field, the length of the text, its spelling and its neighbours."""
    field = index.postings.field_at[start]
    worth = WEIGHTS[field]
    if not _is_as_written(index.postings.text(start, end), written, field):
        worth *= SPELLED_OTHERWISE
    worth *= LONGER_NAME ** (_goes_before(index, start) + _goes_on(index, end))
    if _is_abbreviated(index.postings.words, start, end):
        worth *= ABBREVIATED
    length = index.postings.lengths[number][field] / index.mean_lengths[field]
    return worth / (1 - LENGTH_MATTERS + LENGTH_MATTERS * length)


def _is_as_written(text: str, written: str, field: int) -> bool:
    """Compare spellings; titles have capitals of their own."""
    return text == written if field == ABSTRACT else fold(text) == fold(written)


def _goes_before(index: Index, start: int) -> int:
    """Say how surely the word before an occurrence makes it part of a longer name: "video", not "via" or "newly"."""
    return 0 if is_glue(index.postings.words[start - 1]) else _is_joined(index, start - 1, start)


def _goes_on(index: Index, end: int) -> int:
    """Say how surely the word behind an occurrence makes it part of a longer name."""
    words = index.postings.words
    return 0 if end >= len(words) or is_function_word(words[end]) else _is_joined(index, end, end)


def _is_joined(index: Index, neighbour: int, gap: int) -> int:
    """Say how closely a word stands: with a hyphen, as in "agent-based", twice as closely as with a space."""
    if not index.postings.words[neighbour] or index.postings.gaps[gap] == BREAK:
        return 0
    return 2 if index.postings.gaps[gap] == HYPHEN else 1


def _is_abbreviated(words: Sequence[str], start: int, end: int) -> bool:
    """Tell whether an abbreviation of the words follows, set apart from them, as in "world model (WM)"."""
    if end + 1 >= len(words) or words[end]:
        return False
    name = words[end + 1]
    return (
        0 < len(name) <= LONGEST_ABBREVIATION
        and name[0].lower() == words[start][0].lower()
        and sum(letter.isupper() for letter in name) > 1
    )
