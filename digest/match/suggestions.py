"""What else a reader may want: terms far more frequent in the papers they get than elsewhere. Picks no paper."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from digest.match.index import Index
from digest.match.postings import ABSTRACT, TITLE
from digest.match.rank import leaves
from digest.topics import Phrase, Profile
from digest.topics.words import BREAK, fold, is_function_word, is_name, stem

LONGEST = 3  # words: longer terms are rarely used twice
FEWEST_PAPERS = 3  # with a term, for it to be one that people use
FEWEST_SHARED = 2  # papers with the term that the profile finds
MOSTLY = 0.6  # of its papers: a run that so often is part of a longer one is a fragment of it
LEAST_LIFT = 2.0  # times as often as elsewhere: less is the language of all papers


@dataclass(frozen=True, slots=True)
class Term:
    """Words that papers use together: how they are mostly written, their stems, and the papers."""

    text: str
    stems: frozenset[str]
    papers: int


def suggest(known: Sequence[Term], index: Index, profile: Profile, found: int, limit: int) -> tuple[str, ...]:
    """Suggest topics that go with those of a profile and the papers they find, the most telling first."""
    taken = [_stems(leaf) for topic in profile.topics for leaf in leaves(topic.query) if isinstance(leaf, Phrase)]
    suggestions: list[str] = []
    for _, term in sorted(_rated(known, len(index.papers), found), key=lambda rated: (-rated[0], rated[1].text)):
        # A part of what is there already, or a narrower form of it, would bring nothing new.
        if len(suggestions) < limit and not any(term.stems <= stems or stems <= term.stems for stems in taken):
            taken.append(term.stems)
            suggestions.append(term.text)
    return tuple(suggestions)


def _rated(known: Iterable[Term], papers: int, found: int) -> Iterator[tuple[float, Term]]:
    """Yield the terms that go with the papers found, by how surprisingly often."""
    share = found.bit_count() / max(1, papers)
    for term in known:
        shared = (term.papers & found).bit_count()
        expected = term.papers.bit_count() * share
        if shared >= FEWEST_SHARED and shared >= LEAST_LIFT * expected:
            yield shared * log(shared / expected), term


def terms(index: Index) -> tuple[Term, ...]:
    """Collect the terms of the papers."""
    papers: defaultdict[tuple[str, ...], int] = defaultdict(int)
    texts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for stems, text, number in _runs(index):
        papers[stems] |= 1 << number
        texts[stems][text] += 1
    fragments = set(_fragments(papers))
    return tuple(
        Term(texts[stems].most_common(1)[0][0], frozenset(stems), found)
        for stems, found in papers.items()
        if found.bit_count() >= FEWEST_PAPERS and stems not in fragments
    )


def _fragments(papers: Mapping[tuple[str, ...], int]) -> Iterator[tuple[str, ...]]:
    """Yield the runs that are hardly used but in a longer one."""
    for stems, found in papers.items():
        for part in (stems[:-1], stems[1:]):
            if len(part) > 1 and found.bit_count() >= MOSTLY * papers[part].bit_count():
                yield part


def _runs(index: Index) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Yield every name and every run of telling words, with its paper."""
    postings = index.postings
    for start, word in enumerate(postings.words):
        if postings.field_at[start] not in {TITLE, ABSTRACT} or not _is_telling(word):
            continue
        if is_name(word):
            yield (stem(fold(word)),), word, postings.paper_at[start]
        stems = [stem(fold(word))]
        for end in range(start + 1, min(start + LONGEST, len(postings.words))):
            if postings.gaps[end] == BREAK or not _is_telling(postings.words[end]):
                break
            stems.append(stem(fold(postings.words[end])))
            yield tuple(stems), _as_typed(postings.text(start, end + 1)), postings.paper_at[start]


@lru_cache(maxsize=1 << 16)
def _is_telling(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and not is_function_word(word)


@lru_cache(maxsize=1 << 16)
def _as_typed(text: str) -> str:
    """Write a term as a reader would: small letters, names as they are."""
    return " ".join("-".join(w if is_name(w) else fold(w) for w in part.split("-")) for part in text.split(" "))


def _stems(phrase: Phrase) -> frozenset[str]:
    return frozenset(stem(fold(word.text)) for word in phrase.words)
