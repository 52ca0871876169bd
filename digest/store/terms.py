"""A paper's texts as stems, for a full-text index that knows nothing of our words.

Every term is letters and digits of ASCII, so that no tokenizer and no query syntax can take it apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from digest.domain import Paper
from digest.topics.words import HYPHEN, Token, cut, fold, joinable, stem

LONGEST_TERM = 60
# What a term begins with that is no word of a text.
AUTHOR, ORGANIZATION, JOINED, FACT = "a1", "o1", "j1", "f1"


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


def key(word: str) -> str:
    return term(stem(fold(word)))


def _joined(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield what hangs together by a hyphen as one word, too."""
    for left, right in pairwise(tokens):
        if right.gap == HYPHEN and joinable(fold(left.surface), HYPHEN, fold(right.surface)):
            yield key(left.surface + right.surface)


def _names(paper: Paper) -> Iterator[str]:
    for author in paper.authors:
        names = [token.surface for token in cut(author)]
        for name in names:
            yield AUTHOR + term(fold(name))
        for token, after in pairwise(cut(author)):
            if after.gap == HYPHEN:
                yield AUTHOR + term(fold(token.surface + after.surface))
    for token in cut(f"{paper.organization} {paper.organization_handle}"):
        yield ORGANIZATION + key(token.surface)


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
