"""A reader's topics: text to queries, with errors that point at the spot. Never sees a paper.

`parse` reads, `str` prints; what is printed reads as the same profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from digest.profile.grammar import LONGEST_TOPIC, read_topic
from digest.profile.lexer import UnreadableError, excerpt
from digest.profile.query import And, Author, Fact, Not, Or, Phrase, Query, Topic, Word

MOST_TOPICS = 100  # a reader who follows more follows everything
KEEP_TOPICS = 1 << 16  # the topics of a million readers are a few thousand

# A comma or line end outside quotes ends a topic; a quote that is not closed ends with its line.
_TOPIC = re.compile(r"""(?:["“”][^"“”\n]*(?:["“”]|$)|[^,，\n"“”])+""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A topic that could not be read: where (from 1), what is wrong and what was expected."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a reader follows and what they never want to see; no topics means what is trending."""

    topics: tuple[Topic, ...] = ()
    exclusions: tuple[Topic, ...] = ()
    errors: tuple[Mistake, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return "\n".join(map(str, self.topics + self.exclusions))


def parse(text: str | Iterable[str]) -> Profile:
    """Read topics, one a line or separated by commas. Never raises: what cannot be read is in `errors`."""
    lines = text.split("\n") if isinstance(text, str) else tuple(text)
    # Nearly all lines of nearly all readers are one topic each, and were read before.
    topics = tuple(map(_singles.__getitem__, lines))
    if all(topics) and len(topics) <= MOST_TOPICS:
        return Profile(topics)  # type: ignore[arg-type]
    return _read(lines)


class _Fault(NamedTuple):
    """What is wrong with the nth topic (from 1) of a line."""

    nth: int
    column: int
    what: str


class _Line(NamedTuple):
    """The topics of a line, and those that could not be read."""

    topics: tuple[Topic, ...]
    exclusions: tuple[Topic, ...]
    faults: tuple[_Fault, ...]
    size: int


class _Singles(dict[str, Topic | None]):
    """Lines that are one topic to follow, by their text; any other line is None. Half as dear as an `lru_cache`."""

    def __missing__(self, line: str) -> Topic | None:
        read = _read_line(line)
        topic = read.topics[0] if read.size == len(read.topics) == 1 else None
        if len(self) >= KEEP_TOPICS:
            self.clear()
        if len(line) <= LONGEST_TOPIC:
            self[line] = topic
        return topic


_singles = _Singles()


def _read_line(line: str) -> _Line:
    topics: list[Topic] = []
    faults: list[_Fault] = []
    pieces = [found for found in islice(_TOPIC.finditer(line), MOST_TOPICS + 1) if not found.group().isspace()]
    for nth, found in enumerate(pieces, 1):
        written = found.group()
        column = found.start() + len(written) - len(written.lstrip()) + 1
        try:
            topics.append(_read_topic(written.strip()))
        except UnreadableError as error:
            faults.append(_Fault(nth, column + error.at, f"{error.what}, {excerpt(written.strip(), error.at)}"))
    return _Line(
        tuple(topic for topic in topics if not topic.excludes),
        tuple(topic for topic in topics if topic.excludes),
        tuple(faults),
        len(pieces),
    )


_read_topic = lru_cache(KEEP_TOPICS)(read_topic)


def _read(lines: Iterable[str]) -> Profile:
    """Read lines of which some hold several topics, an exclusion or a fault, or which are too many."""
    topics: list[Topic] = []
    exclusions: list[Topic] = []
    errors: list[Mistake] = []
    count = 0
    for number, line in enumerate(map(_read_line, lines), 1):
        if count + line.size > MOST_TOPICS:
            errors.append(Mistake(number, 1, f"topic {MOST_TOPICS + 1}: too many, only {MOST_TOPICS} are read"))
            break
        topics += line.topics
        exclusions += line.exclusions
        errors += [Mistake(number, fault.column, f"topic {count + fault.nth}: {fault.what}") for fault in line.faults]
        count += line.size
    return Profile(tuple(topics), tuple(exclusions), tuple(errors))


__all__ = ["And", "Author", "Fact", "Mistake", "Not", "Or", "Phrase", "Profile", "Query", "Topic", "Word", "parse"]
