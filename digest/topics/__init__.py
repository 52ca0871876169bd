"""A reader's topics: text to queries, with errors that point at the spot. Never sees a paper.

`parse` reads, `str` prints; what is printed reads as the same profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from digest.text import plain
from digest.topics.grammar import LONGEST_TOPIC, read_topic, read_words
from digest.topics.lexer import UnreadableError, excerpt
from digest.topics.query import And, Author, Fact, Not, Or, Phrase, Query, Topic, Word
from digest.topics.signs import ascii_signs

MOST_TOPICS = 100  # a reader who follows more follows everything
# What all topics of a reader may ask for together, for their digest waits until every one is looked up.
MOST_WORDS_IN_ALL = 1_000
MOST_PREFIXES_IN_ALL = 100
LONGEST_LINE = MOST_TOPICS * LONGEST_TOPIC
KEEP_LINES = 1 << 10  # 0.7 kB each; what a matcher has ranked it does not ask for again

# A comma or line end outside quotes ends a topic, but not in `SO(2,1)` or 1,000; an open quote ends with it.
_TOPIC = re.compile(
    r"""(?:"[^"\n]*(?:"|$)|(?<=[^\W_])\([^()\n"]{1,60}\)|(?<=\d),(?=\d{3}(?!\d))|[^,\n"])+""", re.MULTILINE
)
# A pasted list: `1. agents`, `2) robots`, `3. "RAG"`, `4. (a | b)`, `5. -survey`.
_NUMBERED = re.compile(r"\s*(?:\d{1,2}[.)]|\(\d{1,2}\))(?=\s+(?:[^\W\d]|-\w|-?[\"(]))")
# Copied from a paper's source: `$\tau$-bench` is τ-bench, as in the papers. A caret alone may be a weight.
_TEX = re.compile(r"[\\$~{`]|--")
# With less than this, no line needs to be looked at to know that all are within what a reader may ask for.
_SURELY_FEW = MOST_WORDS_IN_ALL // 2


@dataclass(frozen=True, slots=True)
class Mistake:
    """A topic that could not be read: where (from 1), and what to do about it."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What a reader follows and what they never want to see; no topics means what is trending.

    It holds the lines as written, and those of them that count: what is more than a reader may ask for does not. What a
    line says is read when somebody asks, once for all readers who wrote it.
    Two profiles are equal when they ask for the same, whatever cannot be read in them.
    """

    lines: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

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
        return tuple(_mistakes(self.written))

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
    written = tuple(text.split("\n") if isinstance(text, str) else text)
    return Profile(tuple(_counting(written)), written)


def read_line(line: str) -> tuple[Topic, ...]:
    """Give the topics of a line that can be read, in order."""
    return _lines[line].topics


class _Fault(NamedTuple):
    """What is wrong with a topic of a line."""

    column: int
    what: str


class _Line(NamedTuple):
    """The topics of a line, and those that could not be read; how many both are, and what the topics ask for."""

    topics: tuple[Topic, ...]
    faults: tuple[_Fault, ...]
    size: int
    words: int
    prefixes: int


class _Lines(dict[str, _Line]):
    """What each line says, by its text."""

    def __missing__(self, line: str) -> _Line:
        if len(self) >= KEEP_LINES:
            self.clear()
        read = _read(line)
        if len(line) <= LONGEST_TOPIC:
            self[line] = read
        return read


class _Budget:
    """What a reader may still ask for."""

    def __init__(self) -> None:
        self.topics, self.words, self.prefixes = MOST_TOPICS, MOST_WORDS_IN_ALL, MOST_PREFIXES_IN_ALL

    def takes(self, line: _Line) -> str:
        """Take a line in; say what is too much, if so."""
        if line.size and self.topics <= 0:
            return f"you have too many topics: keep at most {MOST_TOPICS}"
        if line.words > self.words:
            return f"your topics have more than {MOST_WORDS_IN_ALL:,} words: delete some"
        if line.prefixes > self.prefixes:
            return f"your topics have more than {MOST_PREFIXES_IN_ALL} words with a *: delete some"
        self.topics -= line.size
        self.words -= line.words
        self.prefixes -= line.prefixes
        return ""


_lines = _Lines()


def _read(line: str) -> _Line:
    if just_words := read_words(line):
        topic, asks = just_words
        return _Line((topic,), (), 1, asks.words, asks.prefixes)
    if len(line) > LONGEST_LINE:
        return _Line((), (_Fault(1, f"shorten this line to {LONGEST_LINE:,} characters"),), 1, 0, 0)
    if _TEX.search(line):
        line = plain(line)
    topics: list[Topic] = []
    faults: list[_Fault] = []
    words = prefixes = 0
    if numbered := _NUMBERED.match(ascii_signs(line)):
        line = " " * numbered.end() + line[numbered.end() :]
    pieces = [found.span() for found in islice(_TOPIC.finditer(ascii_signs(line)), MOST_TOPICS + 1)]
    pieces = [(start, end) for start, end in pieces if not line[start:end].isspace()]
    for start, end in pieces:
        written = line[start:end]
        column = start + len(written) - len(written.lstrip()) + 1
        try:
            topic, asks = read_topic(written.strip())
        except UnreadableError as error:
            faults.append(_Fault(column + error.at, f"{error.what} ({excerpt(written.strip(), error.at)})"))
            continue
        if words + asks.words > MOST_WORDS_IN_ALL or prefixes + asks.prefixes > MOST_PREFIXES_IN_ALL:
            faults.append(_Fault(column, "your topics have too many words: delete some"))
            break
        topics.append(topic)
        words += asks.words
        prefixes += asks.prefixes
    return _Line(tuple(topics), tuple(faults), len(pieces), words, prefixes)


def _counting(written: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines that count: those of the first topics, as far as all together do not ask for too much."""
    together = "".join(written)
    if len(together) + len(written) < _SURELY_FEW and "*" not in together:
        yield from written
        return
    budget = _Budget()
    for line in written:
        read = _lines[line]
        if read.size and not budget.takes(read):
            yield line


def _mistakes(written: Iterable[str]) -> Iterator[Mistake]:
    budget = _Budget()
    for number, line in enumerate(map(_lines.__getitem__, written), 1):
        for fault in line.faults:
            yield Mistake(number, fault.column, fault.what)
        if too_much := budget.takes(line):
            yield Mistake(number, 1, too_much)
            return
    if budget.topics < 0:
        yield Mistake(number, 1, f"you have too many topics: keep at most {MOST_TOPICS}")


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
