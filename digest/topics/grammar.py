"""The grammar of one topic, by recursive descent: text to a query, or the one thing that is wrong and where.

topic  = either [^weight]
either = both { ("|" | "OR") both }
both   = one { ["+" | "AND"] one }
one    = ("-" | "NOT") one | "(" either ")" | field ":" value | "exact phrase" | words
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from digest.topics.lexer import Sign, UnreadableError, did_you_mean, signs
from digest.topics.query import And, Author, Fact, Not, Phrase, Query, Topic, Word, both, either, is_bounded, without
from digest.topics.words import BREAK, SPACE, cut, fold

LONGEST_TOPIC = 300  # characters: a long title fits
MOST_WORDS = 40  # a long title fits, a pasted abstract does not
DEEPEST = 8  # parentheses and minus signs inside each other
HEAVIEST = 10
SHORTEST_PREFIX = 2  # letters: one would match a tenth of all words

FACTS = {"cat", "source", "upvotes", "has"}
FIELDS = ["title", "abstract", "author", "org", "cat", "source", "upvotes", "has"]
PROPERTIES = ["code", "project"]
_ALIASES = {"organization": "org", "organisation": "org", "category": "cat", "authors": "author"}
_OPERATORS = {"AND", "OR", "NOT"}
_BEGINNINGS = {"minus", "open", "field", "quoted", "chunk", "unclosed", "dash"}


def read_topic(text: str) -> Topic:
    """Read one topic. Raises `UnreadableError`."""
    if len(text) > LONGEST_TOPIC:
        raise UnreadableError(f"too long: a topic has at most {LONGEST_TOPIC} characters", LONGEST_TOPIC)
    return _Reading(text).topic()


class _Reading:
    """One pass over the tokens of a topic."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.signs = signs(text)
        self.place = 0
        self.words = 0
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
        query = self.either("")
        weight = self.take("weight")
        if self.next.kind != "end":
            raise UnreadableError(self.surprise(after_weight=bool(weight)), self.next.start)
        if is_bounded(query):
            return Topic(self.text, query, _weight(weight) if weight else 1.0)
        if weight:
            raise UnreadableError("an exclusion has no weight", weight.start)
        return Topic(self.text, _excluded(query), excludes=True)

    def surprise(self, after_weight: bool) -> str:
        if after_weight:
            return "the weight comes last"
        if self.next.kind == "close":
            return "closing parenthesis without an opening one"
        return "expected words, an operator or the end"

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
            raise UnreadableError(f"too deep: parentheses go at most {DEEPEST} deep", self.next.start)
        query = self.negation(field) or self.group(field) or self.fielded(field) or self.phrase(field)
        self.depth -= 1
        return query

    def negation(self, field: str) -> Query | None:
        minus = self.take("minus")
        if minus and field:
            raise UnreadableError(f"put the minus before the field: -{field}:", minus.start)
        return without(self.one(field)) if minus else None

    def group(self, field: str) -> Query | None:
        opening = self.take("open")
        if not opening:
            return None
        query = self.either(field)
        if not self.take("close"):
            raise UnreadableError("missing closing parenthesis", opening.start)
        return query

    def fielded(self, outer: str) -> Query | None:
        sign = self.take("field")
        if not sign:
            return None
        name = sign.text[:-1].casefold()
        name = _ALIASES.get(name, name)
        if name not in FIELDS:
            raise UnreadableError(f"unknown field, {did_you_mean(name, FIELDS, ':')}", sign.start)
        if outer:
            raise UnreadableError(f"a field inside {outer}: is not possible", sign.start)
        return self.fact(name) if name in FACTS else self.group(name) or self.phrase(name)

    def fact(self, name: str) -> Query:
        start = self.next.start
        value = "".join(sign.text for sign in self.value(name)).strip('"“”')
        return _FACTS[name](value, start)

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
        words = tuple(self.cut(first.start, last.end, exact))
        if not words:
            raise UnreadableError("expected a word with letters or digits", first.start)
        if field == "author":
            # The comma of "LeCun, Yann" and the dot of an initial say nothing.
            return Author(tuple(replace(word, gap=SPACE) if word.gap == BREAK else word for word in words))
        if field == "org":
            # "NVIDIA" and "Nvidia" are one house.
            words = tuple(replace(word, text=fold(word.text)) for word in words)
        return Phrase(words, field, exact)

    def complaint(self, field: str) -> str:
        if self.next.kind == "unclosed":
            return "missing closing quote"
        if self.next.kind == "dash":
            return "a minus stands right before what it leaves out: -word"
        return f"expected words after {field}:" if field else "expected words, a field or a parenthesis"

    def cut(self, start: int, end: int, exact: bool) -> Iterator[Word]:
        """Yield the words between two offsets."""
        piece = self.text[start:end]
        gap = ""
        for token in cut(piece):
            self.words += 1
            if self.words > MOST_WORDS:
                raise UnreadableError(f"too many words: a topic has at most {MOST_WORDS}", start + token.start)
            prefix = not exact and piece.startswith("*", token.end)
            if prefix and len(token.surface) < SHORTEST_PREFIX:
                raise UnreadableError(
                    f"a prefix needs at least {SHORTEST_PREFIX} letters before the *", start + token.start
                )
            # Written with punctuation around it, an operator's word is a word; printed, it must stay one.
            text = token.surface.lower() if token.surface in _OPERATORS and not exact else token.surface
            yield Word(text, gap and token.gap, prefix)
            gap = SPACE


def _weight(sign: Sign) -> float:
    written = sign.text[1:].strip()
    if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?", written, re.ASCII) or not 0.1 <= float(written) <= HEAVIEST:
        raise UnreadableError(f"expected a weight between 0.1 and {HEAVIEST} after ^", sign.start)
    return float(written)


def _excluded(query: Query) -> Query:
    """Turn a topic that only leaves things out into what it leaves out."""
    if isinstance(query, Not):
        return query.part
    if isinstance(query, And) and all(isinstance(part, Not) for part in query.parts):
        return either([part.part for part in query.parts if isinstance(part, Not)])
    raise UnreadableError("everything but something is too much: put words beside what is left out", 0)


def _category(value: str, at: int) -> Fact:
    if not re.fullmatch(r"[A-Za-z][\w-]*(\.[\w-]+)?(\.\*)?", value, re.ASCII):
        raise UnreadableError("expected a category such as cs.CL", at)
    return Fact("cat", value.removesuffix(".*"))


def _source(value: str, at: int) -> Fact:
    if not re.fullmatch(r"[\w-]+", value, re.ASCII):
        raise UnreadableError("expected a source such as arxiv", at)
    return Fact("source", value.casefold())


def _upvotes(value: str, at: int) -> Fact:
    found = re.fullmatch(r"(>=|<=|>|<|=|)(\d{1,9})", value, re.ASCII)
    if not found:
        raise UnreadableError("expected a comparison such as >=20", at)
    return Fact("upvotes", str(int(found[2])), found[1] or ">=")


def _property(value: str, at: int) -> Fact:
    if value.casefold() not in PROPERTIES:
        raise UnreadableError(f"unknown property, {did_you_mean(value, PROPERTIES)}", at)
    return Fact("has", value.casefold())


_FACTS: dict[str, Callable[[str, int], Fact]] = {
    "cat": _category,
    "source": _source,
    "upvotes": _upvotes,
    "has": _property,
}
