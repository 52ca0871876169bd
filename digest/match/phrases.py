"""Where the words of a query stand among the papers, in whatever spelling. Decides nothing about fields and papers.

A place is a dict of half-open stretches of positions: start to end. A word of the query may be written as several in
the text (`finetuning`, "fine-tuning"), and several of the query as one: both are looked up, never scanned for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from digest.match.postings import Postings
from digest.topics.query import Phrase, Word
from digest.topics.words import BREAK, fold, is_name, joinable, name_forms, stem

Places: TypeAlias = dict[int, int]
MOST_JOINED = 4  # words of a query written as one, as in "nonautoregressive"


class Phrases:
    """Looks phrases up, and remembers single words, for they come back in other phrases."""

    def __init__(self, postings: Postings) -> None:
        self.postings = postings
        self._words: dict[tuple[str, bool], Places] = {}

    def places(self, phrase: Phrase) -> Places:
        """Find a phrase wherever it stands."""
        return self._exact(phrase.words) if phrase.exact else self._inflected(phrase.words)

    def _inflected(self, words: Sequence[Word]) -> Places:
        """Follow the words one by one, or some of them as one, from every place where the first stands."""
        reached: list[Places] = [{} for _ in range(len(words) + 1)]
        for first in range(len(words)):
            for after in range(first + 1, min(first + MOST_JOINED, len(words)) + 1):
                if not _all_joinable(words[first:after]):
                    break
                here = self._word(words[first]) if after == first + 1 else self._joined(words[first:after])
                reached[after].update(here if first == 0 else self._follow(reached[first], here, words[first].gap))
        return reached[-1]

    def _word(self, word: Word) -> Places:
        """Find one word, written as one or as several."""
        key = (word.text, word.prefix)
        if key not in self._words:
            spelling = _Spelling(word.text, word.prefix)
            apart = self._written_apart(spelling)
            self._words[key] = apart | self._standing(spelling.among(self.postings))
        return self._words[key]

    def _joined(self, words: Sequence[Word]) -> Places:
        """Find several words written as one."""
        spelling = _Spelling(
            "".join(word.text for word in words), words[-1].prefix, any(is_name(w.text) for w in words)
        )
        return self._standing(spelling.among(self.postings))

    def _standing(self, surfaces: Iterable[str]) -> Places:
        return {place: place + 1 for surface in surfaces for place in self.postings.places[surface]}

    def _written_apart(self, spelling: _Spelling) -> Places:
        """Find one word written as several, by looking up every way to begin it."""
        found: Places = {}
        for length in range(1, len(spelling.text)):
            for surface in spelling.spelled(spelling.text[:length], self.postings):
                for place in self.postings.joints(surface):
                    end = self._grown(place, surface, spelling)
                    if end:
                        found[place] = end
        return found

    def _grown(self, place: int, text: str, spelling: _Spelling) -> int:
        """Say where the run of words from a place ends that is spelled so, or 0."""
        while self.postings.joins(place):
            place += 1
            text += self.postings.words[place]
            if spelling.fits(text):
                return place + 1
            if not spelling.begins_with(text):
                return 0
        return 0

    def _exact(self, words: Sequence[Word]) -> Places:
        """Follow the words as they are written: no inflection, no plural, the same hyphens and spaces."""
        found = self._standing(_as_written(words[0].text, self.postings))
        for word in words[1:]:
            here = self._standing(_as_written(word.text, self.postings))
            here = {place: end for place, end in here.items() if self.postings.gaps[place] == word.gap}
            found = self._follow(found, here, word.gap)
        return found

    def _follow(self, reached: Places, here: Places, gap: str) -> Places:
        """Keep the stretches after which the next word stands, and lengthen them by it."""
        if gap == BREAK:
            # A reader's punctuation asks for none in the text, and allows it.
            words = self.postings.words
            reached = {start: end + (end < len(words) and not words[end]) for start, end in reached.items()}
        return {start: here[end] for start, end in reached.items() if end in here}


class _Spelling:
    """How a word of a query may be written: a name in its own case, another word in any inflection."""

    def __init__(self, text: str, prefix: bool, name: bool | None = None) -> None:
        self.name = is_name(text) if name is None else name
        self.prefix = prefix
        self.text = text if self.name else fold(text)
        self.forms = name_forms(text) if self.name else ()
        self.stem = "" if self.name else stem(self.text)

    def among(self, postings: Postings) -> Iterable[str]:
        """Find the words of the papers that are written so."""
        if self.prefix:
            return filter(self.fits, postings.beginning_with(fold(self.text)))
        if self.name:
            return filter(postings.places.__contains__, self.forms)
        return postings.by_stem.get(self.stem, ())

    def fits(self, text: str) -> bool:
        """Tell whether a text is the word."""
        if self.prefix:
            return (text if self.name else fold(text)).startswith(self.text)
        return text in self.forms if self.name else stem(fold(text)) == self.stem

    def begins_with(self, text: str) -> bool:
        """Tell whether a text may grow into the word."""
        return self.text.startswith(text if self.name else fold(text))

    def spelled(self, text: str, postings: Postings) -> Iterable[str]:
        """Find the words of the papers that are exactly this piece of the word."""
        if self.name:
            return (text,) if text in postings.places else ()
        return postings.by_fold.get(text, ())


def _as_written(text: str, postings: Postings) -> Iterable[str]:
    if is_name(text):
        return (text,) if text in postings.places else ()
    return postings.by_fold.get(fold(text), ())


def _all_joinable(words: Sequence[Word]) -> bool:
    """Tell whether the words of a query could be written as one."""
    return not any(word.prefix for word in words[:-1]) and all(
        joinable(fold(left.text), right.gap, fold(right.text)) for left, right in itertools.pairwise(words)
    )
