"""What a reader looks for, marked in a title and in the stretch of an abstract worth reading. Refuses markup."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from digest.domain import Pick, Reason
from digest.text import sentences

LONGEST_TITLE = 400
# The abstracts of a busy week, 2 kB each, and the stretches of them that readers see.
KEEP_ABSTRACTS, KEEP_STRETCHES = 1024, 16_384


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
    return runs(shortened(pick.paper.title, LONGEST_TITLE), spans(pick.reasons, "title"))


def excerpt(pick: Pick, most: int) -> list[Run]:
    """Take whole sentences from where the abstract matched, about `most` characters of them, the match among them."""
    found = spans(pick.reasons, "abstract")
    begin, finish = pick.snippet
    match = next(((start, end) for start, end in found if begin <= start < finish), (begin, begin))
    start, text = _stretch(pick.paper.abstract, pick.snippet, match, most)
    return [Run("… ")] * (start > 0) + runs(text, [(a - start, b - start) for a, b in found])


@lru_cache(KEEP_STRETCHES)
def _stretch(text: str, snippet: tuple[int, int], match: tuple[int, int], most: int) -> tuple[int, str]:
    """Grow the sentence with the match by the sentences around it, those after it first, as far as they fit."""
    stand = _sentences(text)
    first = last = max((place for place, (start, _) in enumerate(stand) if start <= snippet[0]), default=0)
    while last + 1 < len(stand) and stand[last + 1][1] - stand[first][0] <= most:
        last += 1
    while first and stand[last][1] - stand[first - 1][0] <= most:
        first -= 1
    start, end = stand[first][0], max(stand[last][1], match[1])
    shown = shortened(text[start:end], most)
    if match[1] - start <= len(shown.removesuffix("…")):
        return start, shown
    # A match deep in an endless sentence: begin at the match.
    return match[0], shortened(text[match[0] : end], most)


_sentences = lru_cache(KEEP_ABSTRACTS)(sentences)


def spans(reasons: Iterable[Reason], field: str) -> list[tuple[int, int]]:
    """Gather where a field matched, in order."""
    return sorted(span for reason in reasons if reason.field == field for span in reason.spans)


def runs(text: str, stretches: Iterable[tuple[int, int]]) -> list[Run]:
    """Part a line at sorted stretches, which may overlap or reach beyond it."""
    parted, at = [], 0
    for span_start, span_end in stretches:
        start, end = max(span_start, at), min(span_end, len(text))
        if start < end:
            parted += [Run(text[at:start]), Run(text[start:end], marked=True)]
            at = end
    return [run for run in (*parted, Run(text[at:])) if run.text]
