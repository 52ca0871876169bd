"""The grammar of one topic, by recursive descent: text to a query, or the one thing that is wrong and where.

topic  = either [^weight]
either = both { ("|" | "OR") both }
both   = one { ["+" | "AND"] one }
one    = ("-" | "NOT") one | "(" either ")" | field ":" value | "exact phrase" | words
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from digest.text.tex import readable
from digest.topics.facts import FACTS, read_fact
from digest.topics.lexer import FIELDS, Sign, UnreadableError, did_you_mean, field_of, signs
from digest.topics.query import And, Author, Not, Phrase, Query, Topic, Word, both, either, is_bounded, without
from digest.topics.signs import ascii_signs
from digest.topics.words import BREAK, SPACE, cut, fold

LONGEST_TOPIC = 300  # characters: a long title fits
MOST_WORDS = 40  # a long title fits, a pasted abstract does not
DEEPEST = 8  # parentheses and minus signs inside each other
HEAVIEST = 10
SHORTEST_PREFIX = 2  # letters: one would match a tenth of all words
# Words with a star in a topic. In a name each is compared with every author there is, which costs far more.
MOST_PREFIXES = 20
NAME_PREFIX_COUNTS_AS = 5

# Nothing but words, as nearly all topics are: no sign of the language, and no other letters than those of ASCII.
_JUST_WORDS = re.compile(r"(?!.*\b(?:AND|OR|NOT)\b)[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
_NEXT_WORD = re.compile("([ -]?)([A-Za-z0-9]+)")

_OPERATORS = {"AND", "OR", "NOT"}
_BEGINNINGS = {"minus", "open", "field", "quoted", "chunk", "unclosed", "dash", "tilde"}


class Asks(NamedTuple):
    """How much a topic asks for: words to look up, and those of them with a star."""

    words: int
    prefixes: int


def read_topic(text: str) -> tuple[Topic, Asks]:
    """Read one topic, and say how much it asks for. Raises `UnreadableError`."""
    if len(text) > LONGEST_TOPIC:
        raise UnreadableError(f"shorten this topic: it may have at most {LONGEST_TOPIC} characters", LONGEST_TOPIC)
    reading = _Reading(text)
    return reading.topic(), Asks(reading.words, reading.prefixes)


def read_words(text: str) -> tuple[Topic, Asks] | None:
    """Read a topic that is nothing but words, in a sixth of the time; None for any other, and for one that is long."""
    if len(text) > LONGEST_TOPIC or not _JUST_WORDS.fullmatch(text):
        return None
    words = tuple([Word(word, gap) for gap, word in _NEXT_WORD.findall(text)])
    return (Topic(text, Phrase(words, written=text)), Asks(len(words), 0)) if len(words) <= MOST_WORDS else None


class _Reading:
    """One pass over the tokens of a topic."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ascii = ascii_signs(text)
        self.signs = signs(text)
        self.place = 0
        self.words = 0
        self.prefixes = 0
        self.depth = 0

    @property
    def next(self) -> Sign:
        return self.signs[self.place]

    def take(self, *kinds: str) -> Sign | None:
        """Step over the next token if it is one of `kinds`."""
        sign = self.next
        if sign.kind not in kinds:
            return None
        self.place += 1
        return sign

    def topic(self) -> Topic:
        self.take("both")  # `+word` asks for the word, as anywhere else
        query = self.either("")
        weight = self.take("weight")
        if self.next.kind != "end":
            raise UnreadableError(self.surprise(after_weight=bool(weight)), self.next.start)
        if is_bounded(query):
            return Topic(self.text, query, _weight(weight) if weight else 1.0)
        if weight:
            raise UnreadableError("remove the ^ and its number: a line that excludes has no weight", weight.start)
        return Topic(self.text, _excluded(query), excludes=True)

    def surprise(self, after_weight: bool) -> str:
        if self.next.kind == "close":
            return "add an opening parenthesis, or remove this one"
        return "put the weight at the end, e.g. agents ^2" if after_weight else "add words, or remove this"

    def either(self, field: str) -> Query:
        parts = [self.both(field)]
        while self.take("either"):
            parts.append(self.both(field))
        return either(parts)

    def both(self, field: str) -> Query:
        parts = [self.one(field)]
        while self.take("both") or self.next.kind in _BEGINNINGS:
            parts.append(self.one(field))
        return both(parts)

    def one(self, field: str) -> Query:
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnreadableError(f"use fewer parentheses: at most {DEEPEST} inside each other", self.next.start)
        query = self.negation(field) or self.group(field) or self.fielded(field) or self.phrase(field)
        self.depth -= 1
        return query

    def negation(self, field: str) -> Query | None:
        minus = self.take("minus")
        if minus and field:
            raise UnreadableError(f"put the minus before the field, e.g. -{field}:word", minus.start)
        return without(self.one(field)) if minus else None

    def group(self, field: str) -> Query | None:
        opening = self.take("open")
        if not opening:
            return None
        before = self.signs[self.place - 2] if self.place > 1 else None
        if before and before.kind == "chunk" and before.end == opening.start and ")" in self.ascii[opening.end :]:
            raise UnreadableError("put a space before the parenthesis, or quotes around a name with one", opening.start)
        query = self.either(field)
        if not self.take("close"):
            raise UnreadableError("add the closing parenthesis", opening.start)
        return query

    def fielded(self, outer: str) -> Query | None:
        sign = self.take("field")
        if not sign:
            return None
        name = field_of(sign.text)
        if not name:
            hint = did_you_mean(sign.text[:-1], FIELDS, ":")
            raise UnreadableError(f"{sign.text} is not a field; {hint}", sign.start)
        if outer:
            raise UnreadableError(f"move {sign.text} out of the parentheses after {outer}:", sign.start)
        return self.fact(name) if name in FACTS else self.group(name) or self.phrase(name)

    def fact(self, name: str) -> Query:
        start = self.next.start
        value = "".join(sign.text for sign in self.value(name)).strip('"')
        return read_fact(name, value, start)

    def value(self, name: str) -> Iterator[Sign]:
        sign = self.take("chunk", "quoted")
        if sign:
            yield sign
            # A space may follow the comparison: `upvotes: >= 20`.
            if name == "upvotes" and not sign.text[-1].isdigit():
                yield from self.value("")

    def phrase(self, field: str) -> Query:
        first = last = self.take("chunk", "quoted")
        if not first or not last:
            raise UnreadableError(self.complaint(field), self.next.start)
        while first.kind == "chunk" and (sign := self.take("chunk")):
            last = sign
        exact = first.kind == "quoted" and field != "author"
        words = tuple(self.cut(first.start, last.end, exact, field))
        written = " ".join(self.text[first.start : last.end].strip('"“”„‟«»').split())
        if not words:
            raise UnreadableError("add a word with letters or digits", first.start)
        if field == "author":
            # The comma of "LeCun, Yann" and the dot of an initial say nothing.
            return Author(tuple(replace(word, gap=SPACE) if word.gap == BREAK else word for word in words), written)
        if field == "org":
            # "NVIDIA" and "Nvidia" are one house.
            words = tuple(replace(word, text=fold(word.text)) for word in words)
        return Phrase(words, field, exact, written)

    def complaint(self, field: str) -> str:
        if self.next.kind == "unclosed":
            return "add the closing quote"
        if self.next.kind == "dash":
            return "put the minus right before what it leaves out, e.g. -survey"
        if self.next.kind == "tilde":
            return "write a minus before what you leave out, e.g. -survey"
        return _WANTED.get(field) or "add words, or remove this"

    def cut(self, start: int, end: int, exact: bool, field: str) -> Iterator[Word]:
        """Yield the words between two offsets."""
        piece, ascii_piece = self.text[start:end], self.ascii[start:end]
        if "^" in ascii_piece:
            # R^2 is R², as in the papers.
            piece = readable(piece)
            ascii_piece = ascii_signs(piece)
        gap = ""
        for token in cut(piece):
            at = min(start + token.start, end)
            prefix = not exact and ascii_piece.startswith("*", token.end)
            self.spend(token.surface, prefix, field, at)
            # Written with punctuation around it, an operator's word is a word; printed, it must stay one.
            text = token.surface.lower() if token.surface in _OPERATORS and not exact else token.surface
            yield Word(text, gap and token.gap, prefix)
            gap = SPACE

    def spend(self, word: str, prefix: bool, field: str, at: int) -> None:
        """Count a word, for a topic is looked up in every paper; raise UnreadableError where it asks for too much."""
        self.words += 1
        if self.words > MOST_WORDS:
            raise UnreadableError(f"use fewer words: a topic has at most {MOST_WORDS}", at)
        if prefix and len(word) < SHORTEST_PREFIX:
            raise UnreadableError(f"write at least {SHORTEST_PREFIX} letters before the *", at)
        self.prefixes += prefix * (NAME_PREFIX_COUNTS_AS if field == "author" else 1)
        if self.prefixes > MOST_PREFIXES:
            most = f"{MOST_PREFIXES} words with a *, or {MOST_PREFIXES // NAME_PREFIX_COUNTS_AS} in names"
            raise UnreadableError(f"use fewer stars: a topic has at most {most}", at)


# What is wanted behind a field, with an example.
_WANTED = {
    "title": "add words after title:, e.g. title:benchmark",
    "abstract": "add words after abstract:, e.g. abstract:benchmark",
    "author": 'add a name after author:, e.g. author:"Ada Lovelace"',
    "org": "add a name after org:, e.g. org:nvidia",
}


def _weight(sign: Sign) -> float:
    written = sign.text[1:].strip()
    if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?", written, re.ASCII) or not 0.1 <= float(written) <= HEAVIEST:
        raise UnreadableError(f"write a weight from 0.1 to {HEAVIEST} after the ^, e.g. agents ^2", sign.start)
    return float(written)


def _excluded(query: Query) -> Query:
    """Turn a topic that only leaves things out into what it leaves out."""
    if isinstance(query, Not):
        return query.part
    if isinstance(query, And) and all(isinstance(part, Not) for part in query.parts):
        return either([part.part for part in query.parts if isinstance(part, Not)])
    raise UnreadableError("add what you want beside what you leave out, e.g. agents -games", 0)
