"""From papers somebody likes to what they could follow, and what each would bring. Stores nothing, asks no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from digest.domain import Paper
from digest.jobs.previews import Previews
from digest.jobs.searches import Searches
from digest.match.proposals import Proposal
from digest.sources.identity import key_of
from digest.store import catalogue
from digest.text.pasted import ID, MOST_REFERENCES, Reference, references

MOST_PROPOSED = 5
# What a checkbox can carry.
LONGEST_LINE = 100
OPENREVIEW = "forum?id="


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of the topic language, how many of the papers it fits, and how many it found on the last listed days."""

    line: str
    liked: int
    brings: int


@dataclass(frozen=True, slots=True)
class Start:
    """What papers propose: those that are stored, those known by name alone, and how many were too many."""

    papers: Sequence[Paper] = ()
    unknown: Sequence[str] = ()
    left_out: int = 0
    topics: Sequence[Offer] = ()
    authors: Sequence[Offer] = ()
    labs: Sequence[Offer] = ()
    days: int = 0

    @property
    def offers(self) -> Sequence[Offer]:
        return [*self.topics, *self.authors, *self.labs]


def start(engine: Engine, previews: Previews, searches: Searches, *texts: str) -> Start:
    """Propose what goes with the papers of some texts: what was pasted, and a file."""
    pasted, left_out = _read(texts)
    stored = _stored(engine, searches, pasted)
    papers = list({paper.id: paper for paper in stored.values()}.values())
    missing = [each for each in pasted if each not in stored]
    # What an export says of a paper that is not stored says as much about what somebody likes.
    told = [Paper(f"pasted:{n}", one.title, one.abstract, one.authors) for n, one in enumerate(missing) if one.title]
    found = previews.matcher.propose([*papers, *told], MOST_PROPOSED)
    lines = [each.line for each in (*found.topics, *found.authors, *found.labs) if len(each.line) <= LONGEST_LINE]
    brought = previews.brought(lines)

    def offered(proposals: Sequence[Proposal]) -> list[Offer]:
        return [Offer(each.line, each.liked, brought[each.line]) for each in proposals if each.line in brought]

    return Start(
        papers,
        [each.label for each in missing],
        left_out,
        offered(found.topics),
        offered(found.authors),
        offered(found.labs),
        previews.days,
    )


def _read(texts: Iterable[str]) -> tuple[list[Reference], int]:
    read = [references(text) for text in texts]
    found = list(dict.fromkeys(one for some, _ in read for one in some))
    return found[:MOST_REFERENCES], len(found[MOST_REFERENCES:]) + sum(left_out for _, left_out in read)


def _stored(engine: Engine, searches: Searches, pasted: Sequence[Reference]) -> dict[Reference, Paper]:
    """Find the papers that are stored: by what names them, else by their title."""
    ids = {each: [key for name in each.named if (key := _key(name))] for each in pasted}
    by_id = {paper.id: paper for paper in catalogue.by_ids(engine, [id for keys in ids.values() for id in keys])}
    found = {each: by_id[id] for each, keys in ids.items() for id in keys if id in by_id}
    # Each is a search of the database, of some milliseconds; what has an id costs a look-up for all together.
    untold = [each for each in pasted if each not in found and each.title]
    titled = {each: paper for each in untold if (paper := searches.titled(each.title))}
    return {each: both for each in pasted if (both := found.get(each) or titled.get(each))}


def _key(name: str) -> str:
    """Say under which key a paper would be stored that is named so; nothing where the name says none."""
    if ID.fullmatch(name):
        return name
    if OPENREVIEW in name:
        return f"openreview:{name.partition(OPENREVIEW)[2].partition('&')[0]}"
    own = ID.search(name.rpartition("/papers/")[2]) if "/papers/" in name else None
    return own[1] if own else key_of(name)
