"""What else a reader may want: terms far more frequent in the papers they get than elsewhere. Picks no paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import log

from digest.match.bitsets import numbers
from digest.match.rank import leaves
from digest.match.space import Space
from digest.match.terms import Term
from digest.topics import Phrase, Profile
from digest.topics.words import fold, stem

FEWEST_SHARED = 2  # papers with the term that the profile finds
LEAST_LIFT = 2.0  # times as often as elsewhere: less is the language of all papers
# Papers with a term are at least so many times as alike, beside the term, as any two papers. Those with "two
# complementary" or "superior performance" are no more alike than any; those with "KV cache" twice as much.
LEAST_ALIKE = 1.2
FEWEST_COMPARED = 100  # papers: among fewer, how alike any two are is a matter of luck


def suggest(rated: Iterable[Term], profile: Profile, limit: int, space: Space) -> tuple[str, ...]:
    """Suggest topics that go with those of a profile, from terms in order."""
    taken = [stems(leaf) for topic in profile.topics for leaf in leaves(topic.query) if isinstance(leaf, Phrase)]
    suggestions: list[str] = []
    for term in rated:
        if len(suggestions) >= limit:
            break
        # A part of what is there already, or a narrower form of it, would bring nothing new.
        if not any(term.stems <= known or known <= term.stems for known in taken) and is_topical(term, space):
            taken.append(term.stems)
            suggestions.append(term.text)
    return tuple(suggestions)


def surprising(known: Iterable[Term], papers: int, found: int) -> list[Term]:
    """List the terms that go with the papers found, those first that do so surprisingly often."""
    rated = sorted(_rated(known, papers, found), key=lambda rated: (-rated[0], rated[1].text))
    return [term for _, term in rated]


def _rated(known: Iterable[Term], papers: int, found: int) -> Iterator[tuple[float, Term]]:
    share = found.bit_count() / max(1, papers)
    for term in known:
        shared = (term.papers & found).bit_count()
        expected = term.papers.bit_count() * share
        if shared >= FEWEST_SHARED and shared >= LEAST_LIFT * expected:
            yield shared * log(shared / expected), term


def is_topical(term: Term, space: Space) -> bool:
    """Tell whether the papers with a term have more in common than the term."""
    if len(space.vectors) < FEWEST_COMPARED:
        return True
    return _alikeness(numbers(term.papers), space, term.stems) >= LEAST_ALIKE * space.alikeness


def _alikeness(papers: Iterable[int], space: Space, without: frozenset[str]) -> float:
    """Give the mean cosine between some papers, some words left out."""
    together: defaultdict[str, float] = defaultdict(float)
    own, count = 0.0, 0
    for number in papers:
        count += 1
        for term, weight in space.vectors[number].items():
            if without.isdisjoint(term.split(" ")):
                together[term] += weight
                own += weight * weight
    return (sum([weight * weight for weight in together.values()]) - own) / max(1, count * (count - 1))


def stems(phrase: Phrase) -> frozenset[str]:
    """Give the stems of the words of a phrase."""
    return frozenset(stem(fold(word.text)) for word in phrase.words)
