"""What a reader looks for, marked in a title and in the stretch of an abstract worth reading. Refuses markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from digest.domain import Pick, Reason

LONGEST_TITLE = 400
# The abstracts of a busy week, 2 kB each, and the stretches of them that readers see.
KEEP_ABSTRACTS, KEEP_STRETCHES = 1024, 16_384
# A sentence ends before a capital, but not after what scientists abbreviate; in Chinese and Japanese, at its stop.
SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<! al\.)(?<!vs\.)(?<!cf\.)(?<!Fig\.)(?<!Eq\.)\s+(?=[^a-z\s])|(?<=[。！？])"
)


class Run(NamedTuple):
    """A piece of a line, and whether it is what the reader looks for."""

    text: str
    marked: bool = False


def shortened(text: str, most: int) -> str:
    """Cut a line after a word, so that it has at most `most` characters."""
    if len(text) <= most:
        return text
    head = text[:most]
    # Where no word ends near, as in Chinese or in mischief, cut anywhere.
    words = head.rpartition(" ")[0]
    return (words if len(words) > most // 2 else head[:-1]).rstrip(" ,;:.-") + "…"


def title(pick: Pick) -> list[Run]:
    return _runs(shortened(pick.paper.title, LONGEST_TITLE), _spans(pick.reasons, "title"))


def excerpt(pick: Pick, most: int) -> list[Run]:
    """Take whole sentences from where the abstract matched, about `most` characters of them."""
    start, end = _stretch(pick.paper.abstract, pick.snippet, most)
    text = shortened(pick.paper.abstract[start:end], most)
    spans = [(a - start, b - start) for a, b in _spans(pick.reasons, "abstract")]
    return [Run("… ")] * (start > 0) + _runs(text, spans)


@lru_cache(KEEP_STRETCHES)
def _stretch(text: str, snippet: tuple[int, int], most: int) -> tuple[int, int]:
    """Grow the sentence with the match by the sentences around it, those after it first, as far as they fit."""
    if not text:
        return 0, 0
    sentences = _sentences(text)
    first = last = max((place for place, (start, _) in enumerate(sentences) if start <= snippet[0]), default=0)
    while last + 1 < len(sentences) and sentences[last + 1][1] - sentences[first][0] <= most:
        last += 1
    while first and sentences[last][1] - sentences[first - 1][0] <= most:
        first -= 1
    start, end = sentences[first][0], sentences[last][1]
    # A match deep in an endless sentence: begin at the match.
    return (start, end) if snippet[1] - start <= most else (min(snippet[0], end), end)


@lru_cache(KEEP_ABSTRACTS)
def _sentences(text: str) -> list[tuple[int, int]]:
    starts = [0, *(gap.end() for gap in SENTENCE_END.finditer(text))]
    ends = [*(gap.start() for gap in SENTENCE_END.finditer(text)), len(text)]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < len(text)]


def _spans(reasons: Iterable[Reason], field: str) -> list[tuple[int, int]]:
    return sorted(span for reason in reasons if reason.field == field for span in reason.spans)


def _runs(text: str, spans: Iterable[tuple[int, int]]) -> list[Run]:
    """Part a line at sorted spans, which may overlap or reach beyond it."""
    runs, at = [], 0
    for span_start, span_end in spans:
        start, end = max(span_start, at), min(span_end, len(text))
        if start < end:
            runs += [Run(text[at:start]), Run(text[start:end], marked=True)]
            at = end
    return [run for run in (*runs, Run(text[at:])) if run.text]
