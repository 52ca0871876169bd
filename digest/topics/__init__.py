"""A reader's topics: text to queries, with errors that point at the spot. Never sees a paper.

`parse` reads, `str` prints; what is printed reads as the same profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from digest.topics.grammar import LONGEST_TOPIC, read_topic
from digest.topics.lexer import UnreadableError, excerpt
from digest.topics.query import And, Author, Fact, Not, Or, Phrase, Query, Topic, Word

MOST_TOPICS = 100  # a reader who follows more follows everything
KEEP_LINES = 1 << 16  # the lines of a million readers are a few thousand

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


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What a reader follows and what they never want to see; no topics means what is trending.

    It holds the lines as written. What a line says is read when somebody asks, once for all readers who wrote it.
    Two profiles are equal when they ask for the same, whatever cannot be read in them.
    """

    lines: tuple[str, ...] = ()

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the reader follows."""
        return tuple(topic for topic in self._read() if not topic.excludes)

    @property
    def exclusions(self) -> tuple[Topic, ...]:
        """What the reader never wants to see."""
        return tuple(topic for topic in self._read() if topic.excludes)

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """What could not be read."""
        return tuple(_mistakes(self.lines))

    def _read(self) -> Iterator[Topic]:
        return islice(chain.from_iterable(map(read_line, self.lines)), MOST_TOPICS)

    def __str__(self) -> str:
        return "\n".join(map(str, self._read()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Profile) and list(self._read()) == list(other._read())

    def __hash__(self) -> int:
        return hash(tuple(self._read()))


def parse(text: str | Iterable[str]) -> Profile:
    """Read topics, one a line or separated by commas. Never raises: what cannot be read is in `errors`."""
    return Profile(tuple(text.split("\n") if isinstance(text, str) else text))


def read_line(line: str) -> tuple[Topic, ...]:
    """Give the topics of a line that can be read, in order."""
    return _lines[line].topics


class _Fault(NamedTuple):
    """What is wrong with the nth topic (from 1) of a line."""

    nth: int
    column: int
    what: str


class _Line(NamedTuple):
    """The topics of a line, those that could not be read, and how many both are."""

    topics: tuple[Topic, ...]
    faults: tuple[_Fault, ...]
    size: int


class _Lines(dict[str, _Line]):
    """What each line says, by its text."""

    def __missing__(self, line: str) -> _Line:
        if len(self) >= KEEP_LINES:
            self.clear()
        read = _read(line)
        if len(line) <= LONGEST_TOPIC:
            self[line] = read
        return read


_lines = _Lines()


def _read(line: str) -> _Line:
    topics: list[Topic] = []
    faults: list[_Fault] = []
    pieces = [found for found in islice(_TOPIC.finditer(line), MOST_TOPICS + 1) if not found.group().isspace()]
    for nth, found in enumerate(pieces, 1):
        written = found.group()
        column = found.start() + len(written) - len(written.lstrip()) + 1
        try:
            topics.append(read_topic(written.strip()))
        except UnreadableError as error:
            faults.append(_Fault(nth, column + error.at, f"{error.what}, {excerpt(written.strip(), error.at)}"))
    return _Line(tuple(topics), tuple(faults), len(pieces))


def _mistakes(lines: Iterable[str]) -> Iterator[Mistake]:
    count = 0
    for number, line in enumerate(map(_lines.__getitem__, lines), 1):
        for fault in line.faults:
            yield Mistake(number, fault.column, f"topic {count + fault.nth}: {fault.what}")
        count += line.size
        if count > MOST_TOPICS:
            yield Mistake(number, 1, f"topic {MOST_TOPICS + 1}: too many, only {MOST_TOPICS} are read")
            return


__all__ = [
    "And",
    "Author",
    "Fact",
    "Mistake",
    "Not",
    "Or",
    "Phrase",
    "Profile",
    "Query",
    "Topic",
    "Word",
    "parse",
    "read_line",
]
