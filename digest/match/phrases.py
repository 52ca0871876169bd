"""Where the words of a query stand among the papers, in whatever spelling. Decides nothing about fields and papers.

A place is a dict of half-open stretches of positions: start to end. A word of the query may be written as several in
the text (`finetuning`, "fine-tuning"), and several of the query as one: both are looked up, never scanned for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from digest.match.memory import Memory
from digest.match.postings import Postings
from digest.match.work import Meter
from digest.topics.query import Phrase, Word
from digest.topics.words import BREAK, fold, is_name, joinable, name_forms, stem

Places: TypeAlias = dict[int, int]
KEEP_PLACES = 40_000  # some hundred bytes each, 4 MB; a word or phrase itself as much as four
MOST_JOINED = 4  # words of a query written as one, as in "nonautoregressive"


class Phrases:
    """Looks phrases up, and remembers single words, for they come back in other phrases. For one thread at a time."""

    def __init__(self, postings: Postings) -> None:
        self.postings = postings
        # Words with what they cost; the joints of a word are where it and the next could be written as one.
        self._words: Memory[tuple[str, bool], tuple[Places, int]] = Memory(KEEP_PLACES)
        self._joints: Memory[str, list[int]] = Memory(KEEP_PLACES)

    def places(self, phrase: Phrase, meter: Meter) -> Places:
        """Find a phrase wherever it stands. Raises TooMuchWorkError."""
        return self._exact(phrase.words, meter) if phrase.exact else self._inflected(phrase.words, meter)

    def _inflected(self, words: Sequence[Word], meter: Meter) -> Places:
        """Follow the words one by one, or some of them as one, from every place where the first stands."""
        reached: list[Places] = [{} for _ in range(len(words) + 1)]
        joints = [_is_joint(left, right) for left, right in itertools.pairwise(words)]
        for first in range(len(words)):
            if first and not reached[first]:
                # What nothing leads to, need not be looked up.
                continue
            for after in range(first + 1, min(first + MOST_JOINED, len(words)) + 1):
                single = after == first + 1
                if not single and not joints[after - 2]:
                    break
                here = self._word(words[first], meter) if single else self._joined(words[first:after], meter)
                if first:
                    meter.spend(len(reached[first]))
                    here = self._follow(reached[first], here, words[first].gap)
                reached[after].update(here)
        return reached[-1]

    def _word(self, word: Word, meter: Meter) -> Places:
        """Find one word, written as one or as several."""
        key = (word.text, word.prefix)
        known = self._words.get(key)
        if known:
            meter.spend(known[1])
            return known[0]
        before = meter.spent
        spelling = _Spelling(word.text, word.prefix)
        places = self._written_apart(spelling, meter) | self._standing(spelling.among(self.postings), meter)
        return self._words.keep(key, (places, meter.spent - before), 4 + len(places))[0]

    def _joined(self, words: Sequence[Word], meter: Meter) -> Places:
        """Find several words written as one."""
        spelling = _Spelling(
            "".join([word.text for word in words]), words[-1].prefix, any(is_name(word.text) for word in words)
        )
        return self._standing(spelling.among(self.postings), meter)

    def _standing(self, surfaces: Iterable[str], meter: Meter) -> Places:
        found: Places = {}
        for surface in surfaces:
            places = self.postings.places[surface]
            meter.spend(1 + len(places))
            found.update([(place, place + 1) for place in places])
        return found

    def _written_apart(self, spelling: _Spelling, meter: Meter) -> Places:
        """Find one word written as several, by looking up every way to begin it."""
        found: Places = {}
        for length in range(1, len(spelling.text)):
            for surface in spelling.spelled(spelling.text[:length], self.postings):
                joints = self._joints_of(surface)
                meter.spend(1 + len(self.postings.places[surface]))
                for place in joints:
                    end = self._grown(place, surface, spelling)
                    if end:
                        found[place] = end
        return found

    def _joints_of(self, surface: str) -> list[int]:
        known = self._joints.get(surface)
        if known is None:
            known = [place for place in self.postings.places[surface] if self.postings.joins(place)]
            self._joints.keep(surface, known, 4 + len(known))
        return known

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

    def _exact(self, words: Sequence[Word], meter: Meter) -> Places:
        """Follow the words as they are written: no inflection, no plural, the same hyphens and spaces."""
        found = self._standing(_as_written(words[0].text, self.postings), meter)
        for word in words[1:]:
            here = self._standing(_as_written(word.text, self.postings), meter)
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


def _is_joint(left: Word, right: Word) -> bool:
    """Tell whether two neighbours of a query could be written as one."""
    return not left.prefix and joinable(fold(left.text), right.gap, fold(right.text))
