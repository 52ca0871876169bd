"""What a card leads with: what is new in a paper, in a sentence or two, with what the reader looks for marked in it.

A summary says it best. Where a source has none, the sentence of the abstract that announces something does; where none
does, the one that matched. Pure; knows no other paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from digest.compose import marking
from digest.compose.marking import Run
from digest.domain import Pick, Reason
from digest.text.novelty import announced

# Every summary we store was written by a program of the source's (Hugging Face's `ai_summary`).
BY_A_MACHINE = "AI summary"
KEEP_PATTERNS = 1024
# The abstracts of a busy week.
KEEP_ABSTRACTS = 1024
# What a topic found that stands in the text of a paper; the rest is names and facts.
IN_WORDS = frozenset({"title", "abstract", "keywords"})


class Lead(NamedTuple):
    """What stands first, and who wrote it where that was no author."""

    runs: list[Run]
    label: str = ""


def lead(pick: Pick, most: int) -> Lead:
    """Choose what a card of a pick leads with, in about `most` characters."""
    if pick.paper.summary:
        return Lead(marked(marking.shortened(pick.paper.summary, most), pick.reasons), BY_A_MACHINE)
    start, end = _announced(pick.paper.abstract)
    if start < end:
        text = marking.shortened(pick.paper.abstract[start:end], most)
        spans = [(a - start, b - start) for a, b in marking.spans(pick.reasons, "abstract")]
        return Lead(marking.runs(text, [span for span in spans if span[0] >= 0]))
    return Lead(marking.excerpt(pick, most))


_announced = lru_cache(KEEP_ABSTRACTS)(announced)


def marked(text: str, reasons: Iterable[Reason]) -> list[Run]:
    """Mark in a text what matched elsewhere in the paper: whole words, in any case unless they are a name."""
    in_words = [reason.words for reason in reasons if reason.topic and reason.field in IN_WORDS]
    words = {word for found in in_words for word in found if word.strip()}
    return marking.runs(text, _standing(text, sorted(words, key=lambda word: (-len(word), word))))


def _standing(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where one of the words stands, one place after the other; of those that begin together, the first.

    As one expression of all would find them, which takes longer to make than these take to search.
    """
    patterns, at = [_pattern(word) for word in words], 0
    while found := [match for pattern in patterns if (match := pattern.search(text, at))]:
        first = min(found, key=re.Match.start)
        yield first.span()
        at = first.end()


@lru_cache(KEEP_PATTERNS)
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){any_form(word)}(?!\w)")


def any_form(word: str) -> str:
    """Match a word and its plural; one with a capital beyond its first letter, as RAG, as it is written."""
    parts = re.split(r"[\s-]+", word.strip())
    exact = any(letter.isupper() for letter in word[1:]) and not word.istitle()
    singular = parts[-1][:-1] if re.search(r"[^\W\d]{3}(?<![su])s$", parts[-1], re.IGNORECASE) else parts[-1]
    joined = r"[\s-]+".join(map(re.escape, (*parts[:-1], singular)))
    return f"{joined}(?:s|es)?" if exact else f"(?i:{joined}(?:s|es)?)"
