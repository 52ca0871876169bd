"""The conditions of a topic that are no words: a category, a source, a number of upvotes, code."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import normalize

from digest.topics.lexer import UnreadableError
from digest.topics.query import Fact

PROPERTIES = ["code", "project"]


def read_fact(name: str, value: str, at: int) -> Fact:
    """Read what stands behind a field; raise UnreadableError."""
    # Full-width letters and digits are what they look like.
    return FACTS[name](normalize("NFKC", value), at)


def _category(value: str, at: int) -> Fact:
    if not re.fullmatch(r"[A-Za-z][\w-]*(\.[\w-]+)?(\.\*)?", value, re.ASCII):
        raise UnreadableError("add a category after cat:, e.g. cat:cs.CL", at)
    return Fact("cat", value.removesuffix(".*"))


def _source(value: str, at: int) -> Fact:
    if not re.fullmatch(r"[\w-]+", value, re.ASCII):
        raise UnreadableError("add a source after source:, e.g. source:arxiv", at)
    return Fact("source", value.casefold())


def _upvotes(value: str, at: int) -> Fact:
    value = value.replace("≥", ">=").replace("≤", "<=")
    found = re.fullmatch(r"(>=|<=|>|<|=|)(\d{1,9})", value, re.ASCII)
    if not found:
        raise UnreadableError("add a number after upvotes:, e.g. upvotes:>=20", at)
    return Fact("upvotes", str(int(found[2])), found[1] or ">=")


def _property(value: str, at: int) -> Fact:
    if value.casefold() not in PROPERTIES:
        raise UnreadableError(f"write {' or '.join(f'has:{name}' for name in PROPERTIES)}", at)
    return Fact("has", value.casefold())


FACTS: dict[str, Callable[[str, int], Fact]] = {
    "cat": _category,
    "source": _source,
    "upvotes": _upvotes,
    "has": _property,
}
