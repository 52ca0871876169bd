"""What a note of a quiet week may say: what was looked at, when something matched last, and what is broader.

Worked out for the few readers who get the note, from the papers first seen by the end of its window alone, and frozen
with it: sent again, it says the same.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from sqlalchemy import Engine

from digest.domain import EPOCH, Delivery, Paper, Quiet, Window
from digest.match import Matcher
from digest.store import papers
from digest.topics import parse

# As far back as a match is looked for, and as many papers: six weeks of Hugging Face, two days of arXiv.
LOOKS_BACK = timedelta(days=42)
MOST_PAPERS = 1_500
MOST_BROADER = 2
# Each costs a look-up nobody shares; a reader may have a thousand words.
MOST_TRIED = 20
# A word of fewer letters says too little by itself.
SHORTEST_WORD = 4
# The ends of windows that are at work at the same time.
KEEP = 4


class Archive:
    """The papers of the last weeks, indexed once for all notes of a round."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._matcher = lru_cache(KEEP)(self._indexed)
        self._listed = lru_cache(KEEP * 16)(self._first_seen)

    def quiet(self, delivery: Delivery, last_heard: datetime | None) -> Quiet:
        """Say what can be said to the reader of this delivery, who had the last mail at `last_heard`."""
        topics, end = delivery.preferences.topics, delivery.window.end
        matcher = self._matcher(end)
        fitting = matcher.fitting(parse(topics))
        matched = [one.listed_on for one in matcher.index.papers if one.id in fitting and one.listed_on]
        since = self._listed(last_heard, end) if last_heard else []
        looked_at = [] if any(one.id in fitting for one in since) else since
        first = min((one.listed_on for one in looked_at if one.listed_on), default=None)
        return Quiet(len(looked_at), first, max(matched, default=None), broader(topics, matcher))

    def _indexed(self, end: datetime) -> Matcher:
        found = papers.in_window(self._engine, Window(EPOCH, end, (end - LOOKS_BACK).date()))
        newest = sorted(found, key=lambda one: (one.listed_on or date.min, one.id), reverse=True)
        return Matcher(newest[:MOST_PAPERS])

    def _first_seen(self, start: datetime, end: datetime) -> list[Paper]:
        return papers.in_window(self._engine, Window(start, end, (start - LOOKS_BACK).date()))


def broader(topics: tuple[str, ...], matcher: Matcher) -> tuple[str, ...]:
    """Take words off the front of topics of several plain words, as long as what is left finds something."""
    shorter = [" ".join(words[at:]) for words in map(_plain_words, topics) for at in range(1, len(words))]
    wider = [one for one in dict.fromkeys(shorter) if len(one) >= SHORTEST_WORD and one not in topics]
    finding = (one for one in wider[:MOST_TRIED] if matcher.fitting(parse([one])))
    return tuple(islice(finding, MOST_BROADER))


def _plain_words(topic: str) -> list[str]:
    words = topic.strip('"').split()
    return words if all(word.replace("-", "").isalnum() for word in words) else []
