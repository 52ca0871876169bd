"""What a topic asks for, as a tree of frozen values that print as the language reads. Reads and matches nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as _field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a phrase: without accents, hung on the one before by `gap`; a prefix stands for all it begins."""

    text: str
    gap: str = ""
    prefix: bool = False

    def __str__(self) -> str:
        return f"{self.gap}{self.text}{'*' if self.prefix else ''}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in order, in any spelling, or exactly as written; `field` is empty, `title`, `abstract` or `org`.

    `written` is how the reader wrote them, for showing.
    """

    words: tuple[Word, ...]
    field: str = ""
    exact: bool = False
    written: str = _field(default="", compare=False)

    @property
    def label(self) -> str:
        return _IN_FIELD[self.field].format(_shown(self.written, self.words, self.exact))

    def __str__(self) -> str:
        text = "".join(map(str, self.words))
        return _labelled(self.field, f'"{text}"' if self.exact else text)


@dataclass(frozen=True, slots=True)
class Author:
    """A person, by names and initials in any order; `names` are folded, and a hyphen holds a double name together."""

    names: tuple[Word, ...]
    written: str = _field(default="", compare=False)

    @property
    def label(self) -> str:
        return f"author {_shown(self.written, self.names)}"

    def __str__(self) -> str:
        return f'author:"{"".join(map(str, self.names))}"'


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a paper either has or has not: a category, a source, a number of upvotes, code."""

    field: str
    value: str
    comparison: str = ""

    @property
    def label(self) -> str:
        return _FACTS[self.field + self.comparison].format(self.value)

    def __str__(self) -> str:
        return f"{self.field}:{self.comparison}{self.value}"


@dataclass(frozen=True, slots=True)
class Not:
    """The papers that `part` does not match."""

    part: Query

    @property
    def label(self) -> str:
        return f"not {_aside(self.part)}"

    def __str__(self) -> str:
        return f"-{_grouped(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """The papers that every one of `parts` matches."""

    parts: tuple[Query, ...]

    @property
    def label(self) -> str:
        wanted = " and ".join(_aside(part) for part in self.parts if not isinstance(part, Not))
        unwanted = " or ".join(_aside(part.part) for part in self.parts if isinstance(part, Not))
        return f"{wanted} but not {unwanted}" if wanted and unwanted else wanted or f"not {unwanted}"

    def __str__(self) -> str:
        # The plus may be left out before a minus, and reads better so.
        first, *others = self.parts
        return _grouped(first) + "".join(
            f" {part}" if isinstance(part, Not) else f" + {_grouped(part)}" for part in others
        )


@dataclass(frozen=True, slots=True)
class Or:
    """The papers that at least one of `parts` matches."""

    parts: tuple[Query, ...]

    @property
    def label(self) -> str:
        return " or ".join(_aside(part) for part in self.parts)

    def __str__(self) -> str:
        return " | ".join(str(part) for part in self.parts)


Query: TypeAlias = Phrase | Author | Fact | Not | And | Or


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing a reader follows, or with `excludes` never wants to see; `text` is how they wrote it."""

    text: str = _field(compare=False)
    query: Query
    weight: float = 1.0
    excludes: bool = False

    @property
    def label(self) -> str:
        """What the topic asks for, in plain words, without a sign of the language."""
        return self.query.label

    def __str__(self) -> str:
        if self.excludes:
            return str(Not(self.query))
        return str(self.query) if self.weight == 1 else f"{_grouped(self.query)} ^{self.weight:g}"


_IN_FIELD = {"": "{}", "title": "{} in the title", "abstract": "{} in the abstract", "org": "papers from {}"}
_FACTS = {
    "cat": "category {}",
    "source": "papers on {}",
    "upvotes>=": "at least {} upvotes",
    "upvotes>": "more than {} upvotes",
    "upvotes<=": "at most {} upvotes",
    "upvotes<": "fewer than {} upvotes",
    "upvotes=": "{} upvotes",
    "has": "papers with {}",
}


def both(parts: list[Query]) -> Query:
    """Join conditions that must all hold; one alone stays itself."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def either(parts: list[Query]) -> Query:
    """Join alternatives; one alone stays itself."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def without(part: Query) -> Query:
    """Turn a condition around; twice is not at all."""
    return part.part if isinstance(part, Not) else Not(part)


def is_bounded(query: Query) -> bool:
    """Tell whether a query asks for something, and does not only leave things out."""
    if isinstance(query, And):
        return any(map(is_bounded, query.parts))
    if isinstance(query, Or):
        return all(map(is_bounded, query.parts))
    return not isinstance(query, Not)


def _shown(written: str, words: tuple[Word, ...], exact: bool = False) -> str:
    """Write words out for a person: a word that only begins so has dots, exact ones have quotes."""
    text = written or "".join(map(str, words))
    text = re.sub(r"(?<=\w\w)\*(?!\w)", "…", text)
    return f"“{text}”" if exact else text


def _aside(query: Query) -> str:
    return f"({query.label})" if isinstance(query, And | Or) else query.label


def _grouped(query: Query) -> str:
    return f"({query})" if isinstance(query, And | Or) else str(query)


def _labelled(name: str, text: str) -> str:
    return f"{name}:{text}" if name else text
