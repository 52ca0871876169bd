"""What every paper that matches a query has, as terms, and how two databases want it written. Sees no paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from digest.store.terms import AUTHOR, JOINED, ORGANIZATION, fact, key, pair, term
from digest.topics.query import And, Author, Fact, Not, Or, Phrase, Query, Word
from digest.topics.words import HYPHEN, fold, is_name, name_forms

# An inflection takes no more letters off a word: see `topics.words.stem`.
LONGEST_ENDING = 4
# A phrase of more words is looked for by its words alone.
MOST_SPELLED = 6
# Of a word that is looked for as two: shorter ones are hardly ever parts.
SHORTEST_PART = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Terms that stand one after the other; the last may be the beginning of a longer one."""

    terms: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Expression, ...]


Expression: TypeAlias = Run | All | Any


def expression(query: Query) -> Expression | None:
    """What every paper that matches a query has; None where that is nothing in particular."""
    match query:
        case Phrase():
            return _phrase(query)
        case Author():
            return _author(query)
        case Fact():
            return None if query.field == "upvotes" else Run((fact(query.field, query.value),))
        case And():
            return every([expression(part) for part in query.parts])
        case Or():
            return some([expression(part) for part in query.parts])
        case Not():
            return None


def every(parts: Iterable[Expression | None]) -> Expression | None:
    kept = tuple(part for part in parts if part is not None)
    return All(kept) if len(kept) > 1 else kept[0] if kept else None


def some(parts: Iterable[Expression | None]) -> Expression | None:
    kept: list[Expression] = []
    for part in parts:
        if part is None:
            return None
        kept += [part] if part not in kept else []
    return Any(tuple(kept)) if len(kept) > 1 else kept[0] if kept else None


def _phrase(phrase: Phrase) -> Expression | None:
    words = phrase.words
    together = "".join(word.text for word in words)
    if phrase.field == "org":
        apart = every(_word(word, ORGANIZATION) for word in words)
        return some([apart, Run((ORGANIZATION + key(together),), words[-1].prefix)])
    if len(words) > MOST_SPELLED:
        return every(_word_or_two(word) for word in words)
    whole = Run((key(together),), words[-1].prefix)
    if len(words) == 1 or any(word.prefix or is_name(word.text) for word in words):
        return some([every(_word_or_two(word) for word in words), whole])
    return some([whole, *_runs([word.text for word in words]), *_with_one_apart(words)])


def _runs(texts: list[str]) -> Iterator[Expression]:
    """A phrase as it is written, and with two neighbours written as one."""
    keys = [key(text) for text in texts]
    yield Run(tuple(keys))
    for at in range(len(texts) - 1):
        yield Run((*keys[:at], key(texts[at] + texts[at + 1]), *keys[at + 2 :]))


def _with_one_apart(words: tuple[Word, ...]) -> Iterator[Expression | None]:
    """A phrase with one of its words written as two, wherever the others stand."""
    for at, word in enumerate(words):
        yield every([some(_as_two(word.text)), *(_word(other) for place, other in enumerate(words) if place != at)])


def _word_or_two(word: Word) -> Expression | None:
    return some([_word(word), *_as_two(word.text)])


def _as_two(text: str) -> Iterator[Expression]:
    """A word written as two, with a hyphen or a space between them."""
    yield Run((JOINED + key(text),))
    for at in range(SHORTEST_PART, len(text) - SHORTEST_PART + 1):
        yield Run((key(text[:at]), key(text[at:])))


def _word(word: Word, kind: str = "") -> Expression | None:
    if word.prefix:
        return _beginning(fold(word.text), kind)
    forms = name_forms(word.text) if is_name(word.text) else (word.text,)
    return some([Run((known,)) for known in dict.fromkeys(kind + key(form) for form in forms)])


def _beginning(start: str, kind: str) -> Expression | None:
    """The stems of words that begin so: longer ones, and those that an inflection made as short as this."""
    cuts = [start[: len(start) - gone] for gone in range(1, LONGEST_ENDING + 1) if len(start) - gone > 1]
    shorter = [Run((kind + term(cut + end),)) for cut in cuts for end in ("", "e", "y")]
    return some([Run((kind + term(start),), prefix=True), *shorter])


def _author(author: Author) -> Expression | None:
    names = [_name(name) for name in author.names]
    joined = Run((AUTHOR + term(fold("".join(name.text for name in author.names))),), author.names[-1].prefix)
    pairs = [
        every([*names[:at], Run((AUTHOR + term(fold(left.text + right.text)),)), *names[at + 2 :]])
        for at, (left, right) in enumerate(pairwise(author.names))
        if right.gap == HYPHEN
    ]
    return some([_two(author) or every(names), joined, *pairs])


def _two(author: Author) -> Expression | None:
    """Two names in full: both of one person, or one of them with the other's initial."""
    names = [fold(name.text) for name in author.names if not name.prefix and len(name.text) > 1]
    if len(names) != len(author.names) or len(names) != 2:
        return None
    one, other = names
    return some([Run((pair(*two),)) for two in ((one, other), (one[0], other), (one, other[0]))])


def _name(name: Word) -> Expression | None:
    """A name in full or as an initial; an initial stands for every name that begins so."""
    folded = fold(name.text)
    full = Run((AUTHOR + term(folded),), prefix=name.prefix or len(folded) == 1)
    return some([full, Run((AUTHOR + term(folded[0]),))])


def size(expression: Expression) -> int:
    """How many runs of terms an expression has: each is looked at in each paper that is ranked."""
    return 1 if isinstance(expression, Run) else sum(map(size, expression.parts))


def apart(expression: Expression) -> Expression:
    """The same terms, wherever they stand: what an index alone can tell."""
    if isinstance(expression, Run):
        *before, last = expression.terms
        return every([*(Run((term,)) for term in before), Run((last,), expression.prefix)]) or expression
    return type(expression)(tuple(map(apart, expression.parts)))


def sqlite_text(expression: Expression) -> str:
    """Write an expression for FTS5."""
    match expression:
        case Run(terms, prefix):
            return f'"{" ".join(terms)}"' + " *" * prefix
        case All(parts):
            return "(" + " AND ".join(map(sqlite_text, parts)) + ")"
        case Any(parts):
            return "(" + " OR ".join(map(sqlite_text, parts)) + ")"


def vector_text(expression: Expression) -> str:
    """Write an expression as a `tsquery` of PostgreSQL."""
    match expression:
        case Run(terms, prefix):
            return "(" + " <-> ".join(terms) + ":*" * prefix + ")"
        case All(parts):
            return "(" + " & ".join(map(vector_text, parts)) + ")"
        case Any(parts):
            return "(" + " | ".join(map(vector_text, parts)) + ")"
