"""A paper's texts as stems, for a full-text index that knows nothing of our words.

Every term is letters and digits of ASCII, so that no tokenizer and no query syntax can take it apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, pairwise

from digest.domain import Paper
from digest.topics.words import HYPHEN, Token, cut, fold, joinable, stem

LONGEST_TERM = 60
LONGEST_NAME = 25
# Of a person, to be paired: whoever lists more is found by each name alone.
MOST_NAMES = 6
# What a term begins with that is no word of a text.
AUTHOR, PAIR, ORGANIZATION, JOINED, FACT = "a1", "p1", "o1", "j1", "f1"


def term(text: str) -> str:
    """Write any text as a term."""
    plain = text if text.isascii() and text.isalnum() else "x" + text.encode(errors="replace").hex()
    return plain[:LONGEST_TERM]


def texts_of(paper: Paper) -> dict[str, str]:
    """The texts under which a paper is found."""
    title, abstract = list(cut(paper.title)), list(cut(paper.abstract))
    keywords = [token for keyword in paper.keywords for token in cut(keyword)]
    joined = (JOINED + joint for tokens in (title, keywords, abstract) for joint in _joined(tokens))
    return {
        "title": _stems(title),
        "keywords": _stems(keywords),
        "abstract": _stems(abstract),
        "facts": " ".join(dict.fromkeys([*joined, *_names(paper), *_facts(paper)])),
    }


def _stems(tokens: Iterable[Token]) -> str:
    return " ".join(key(token.surface) for token in tokens)


@lru_cache(maxsize=1 << 16)
def key(word: str) -> str:
    return term(stem(fold(word)))


def _joined(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield what hangs together by a hyphen as one word, too."""
    for left, right in pairwise(tokens):
        if right.gap == HYPHEN and joinable(fold(left.surface), HYPHEN, fold(right.surface)):
            yield key(left.surface + right.surface)


def _names(paper: Paper) -> Iterator[str]:
    for author in paper.authors:
        apart, joined = _spelled(author)
        yield from (AUTHOR + term(name) for name in dict.fromkeys([*apart, *joined]))
        for names in (apart, joined):
            yield from (pair(*two) for two in combinations(names[:MOST_NAMES], 2))
    for token in cut(f"{paper.organization} {paper.organization_handle}"):
        yield ORGANIZATION + key(token.surface)


def _spelled(author: str) -> tuple[list[str], list[str]]:
    """A person's names, folded: double names apart, and as one."""
    apart: list[str] = []
    joined: list[str] = []
    for token in cut(author):
        name = fold(token.surface)
        apart.append(name)
        if joined and token.gap == HYPHEN:
            joined[-1] += name
        else:
            joined.append(name)
    return apart, joined


def pair(one: str, other: str) -> str:
    """The term of two names of one person, in whatever order."""
    first, second = sorted((one, other))
    return f"{PAIR}{term(first)[:LONGEST_NAME]}x{term(second)[:LONGEST_NAME]}"


def _facts(paper: Paper) -> Iterator[str]:
    for category in paper.categories:
        parts = category.casefold().split(".")
        for depth in range(1, len(parts) + 1):
            yield fact("cat", ".".join(parts[:depth]))
    for source in paper.sources:
        yield fact("source", source)
    if paper.code_url:
        yield fact("has", "code")
    if paper.project_url:
        yield fact("has", "project")


def fact(field: str, value: str) -> str:
    """The term of something that is true of a paper."""
    return FACT + field + term(value.casefold())
