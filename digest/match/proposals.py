"""From papers somebody likes to what they could follow: topics, people, labs, each with what it would bring."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log

from digest.domain import Paper
from digest.match.index import Index, indexed
from digest.match.postings import TITLE
from digest.match.space import Space
from digest.match.suggestions import is_topical
from digest.match.terms import Term, runs
from digest.topics import parse
from digest.topics.words import fold, stem

MOST_LIKED = 100  # papers looked at: a reading list, not a library
# Of all papers: a term of more is what the field is about, and sets none apart.
BROADEST = 0.05
FEWEST_TIMES = 2  # in an abstract
FEWEST_PAPERS = 2  # of a person or a lab in the archive: with one, there is nobody to follow yet


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line of the topic language, how many of the liked papers it fits, and how many papers of the archive."""

    line: str
    liked: int
    papers: int


@dataclass(frozen=True, slots=True)
class Proposals:
    """What somebody could follow, the most telling first."""

    topics: tuple[Proposal, ...] = ()
    authors: tuple[Proposal, ...] = ()
    labs: tuple[Proposal, ...] = ()


def proposals(archive: Index, known: Iterable[Term], space: Space, liked: Sequence[Paper], limit: int) -> Proposals:
    """Propose what goes with papers, whether they are in the archive or not."""
    chosen = indexed(liked[:MOST_LIKED])
    topics = (
        Proposal(term.text, many, term.papers.bit_count())
        for term, many in telling(archive, known, space, chosen, frozenset())
    )
    people = Counter(name for paper in archive.papers for name in {*paper.authors})
    labs = Counter(paper.organization for paper in archive.papers if paper.organization)
    authors = Counter(name for paper in chosen.papers for name in {*paper.authors})
    theirs = Counter(paper.organization for paper in chosen.papers if paper.organization)
    return Proposals(
        tuple(islice(filter(_is_readable, topics), limit)),
        tuple(islice(_named("author", authors, people), limit)),
        tuple(islice(_named("org", theirs, labs), limit)),
    )


def telling(
    archive: Index, known: Iterable[Term], space: Space, chosen: Index, taken: Iterable[frozenset[str]]
) -> Iterator[tuple[Term, int]]:
    """Yield the terms that set some papers apart from the archive, with how many of them have each.

    Terms that are a part of what is `taken`, or a narrower form of it, would say nothing new.
    """
    said = list(taken)
    weights, counts = _weights(chosen)
    papers = max(1, len(archive.papers))
    rated = [
        (weights[term.stems] * log(papers / term.papers.bit_count()), term, counts[term.stems])
        for term in known
        if term.stems in counts and term.papers.bit_count() <= max(FEWEST_PAPERS + 1, BROADEST * papers)
    ]
    for _, term, many in sorted(rated, key=lambda rating: (-rating[0], rating[1].text)):
        if not any(term.stems <= other or other <= term.stems for other in said) and is_topical(term, space):
            said.append(term.stems)
            yield term, many


def _weights(chosen: Index) -> tuple[Mapping[frozenset[str], float], Mapping[frozenset[str], int]]:
    """Weigh the terms of papers by how often each uses them, and count the papers.

    What is neither in a title nor said twice is no subject of a paper.
    """
    weights: defaultdict[frozenset[str], float] = defaultdict(float)
    counts: Counter[frozenset[str]] = Counter()
    for number in range(len(chosen.papers)):
        times = Counter(frozenset(stems) for stems, _ in runs(chosen, number))
        titled = _in_title(chosen, number)
        for term, often in times.items():
            if often >= FEWEST_TIMES or term <= titled:
                weights[term] += 1 + log(often + FEWEST_TIMES * (term <= titled))
                counts[term] += 1
    return weights, counts


def _in_title(chosen: Index, number: int) -> frozenset[str]:
    begin, end = chosen.postings.spans[number][TITLE]
    return frozenset(stem(fold(word)) for word in chosen.postings.words[begin:end] if word)


def _named(field: str, liked: Mapping[str, int], archive: Mapping[str, int]) -> Iterator[Proposal]:
    """Propose those of the liked papers who have several papers in the archive, the most frequent first."""
    for name in sorted(liked, key=lambda name: (-liked[name], -archive.get(name, 0), name)):
        proposal = Proposal(f'{field}:"{name}"', liked[name], archive.get(name, 0))
        if proposal.papers >= FEWEST_PAPERS and '"' not in name and _is_readable(proposal):
            yield proposal


def _is_readable(proposal: Proposal) -> bool:
    """Tell whether a line is one topic; names come from strangers."""
    profile = parse([proposal.line])
    return len(profile.topics) == 1 and not profile.errors
