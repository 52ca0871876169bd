"""Search over all stored papers: the database finds what may match, the matcher says what does, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from statistics import fmean

from sqlalchemy import Engine

from digest.domain import Paper, Pick
from digest.match import Matcher
from digest.match.liking import STRENGTH, scale
from digest.store import catalogue, search
from digest.store.expressions import Expression, Run, every, expression, some
from digest.store.terms import fact, key
from digest.store.wanted import Order, Place, Wanted
from digest.topics import And, Fact, Mistake, Phrase, Profile, Query, Word, parse
from digest.topics.words import cut, is_function_word

ENOUGH = 10  # papers on a page
# Papers that the matcher looks at together: indexing one costs half a millisecond.
BLOCK = 20
# Of a query that the database knows nothing of, such as `upvotes:>=300`, so many papers are looked at for a page.
MOST_BLOCKS = 8
# So many that fit best by the database's measure are put in order together, by that and by how they are liked.
WINDOW = 200
# What is found in no more papers is put in order by the matcher, as in a digest.
FEW = 40
# A paper is compared with so many that share words with it, by so many of its words.
MOST_ALIKE = 60
MOST_WORDS = 10
LONGEST_QUERY = 500
MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for: topics, an order, the days, a source, code; `first` is where the page begins."""

    query: str = ""
    order: Order = Order.FIT
    since: date | None = None
    until: date | None = None
    source: str = ""
    code: bool = False
    first: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found; `after` is where the next one begins, and `about` an upper bound of them all.

    `loosened` says that the words stand somewhere in each paper, but not together; `all_others`, that the query has
    nothing but what to leave out.
    """

    picks: Sequence[Pick]
    mistakes: Sequence[Mistake] = ()
    after: int | None = None
    about: int = 0
    loosened: bool = False
    all_others: bool = False


class Searches:
    """What is shown to those who search."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def search(self, asked: Asked) -> Found:
        """Find a page of papers; words that stand nowhere together are looked for apart."""
        asked = replace(asked, query="\n".join(asked.query[:LONGEST_QUERY].split("\n")[:MOST_LINES]))
        profile = parse(asked.query)
        found = self._page(asked, profile)
        if not found.picks and found.after is None and not asked.first and (apart := _apart(profile)):
            loosened = self._page(asked, parse(apart))
            return replace(loosened, loosened=bool(loosened.picks))
        return replace(found, all_others=bool(profile.exclusions and not profile.topics))

    def titled(self, title: str) -> Paper | None:
        """Find the paper with a title, however it is written."""
        same = _letters(title)
        words = every([Run((key(token.surface),)) for token in cut(title)][:MOST_WORDS]) if same else None
        if words is None:
            return None
        found = search.candidates(self._engine, Wanted(words), first=0, most=BLOCK)
        return next((paper for paper in found if _letters(paper.title) == same), None)

    def related(self, paper: Paper, archive: Matcher, limit: int) -> Sequence[Pick]:
        """The papers nearest to another, of those that share the words of its title or a keyword."""
        alike = some(_words_of(paper))
        if alike is None:
            return ()
        block = search.candidates(self._engine, Wanted(alike), first=0, most=MOST_ALIKE)
        return Matcher({one.id: one for one in [*block, paper]}.values(), archive=archive).related(paper.id, limit)

    def _page(self, asked: Asked, profile: Profile) -> Found:
        wanted = _wanted(asked, profile)
        if profile.errors and not profile.topics:
            return Found((), profile.errors)
        window, about = self._window(wanted, asked)
        if asked.order is Order.FIT and about <= FEW:
            picks = self._picks(asked, profile, window)
            rest = picks[asked.first :]
            after = asked.first + BLOCK if len(rest) > BLOCK else None
            return Found(rest[:BLOCK], profile.errors, after, len(picks))
        return self._some(asked, profile, window, about)

    def _some(self, asked: Asked, profile: Profile, window: Sequence[str], about: int) -> Found:
        """Look through papers in their order until there are enough for a page."""
        picks: list[Pick] = []
        looked_at = 0
        blocks = (window[start : start + BLOCK] for start in range(0, len(window), BLOCK))
        for block in islice(blocks, MOST_BLOCKS):
            picks += self._picks(asked, profile, block)
            looked_at += len(block)
            if len(picks) >= ENOUGH:
                break
        at = asked.first + looked_at
        more = looked_at < len(window) or (at % WINDOW == 0 and looked_at > 0)
        return Found(picks, profile.errors, at if more else None, about if more and not asked.first else len(picks))

    def _window(self, wanted: Wanted, asked: Asked) -> tuple[Sequence[str], int]:
        """The papers that are put in order together, and how many there are to look through.

        Of more than a few, only those from the place where the page begins.
        """
        begin = asked.first // WINDOW * WINDOW
        places, about = search.places(self._engine, wanted, first=begin, most=WINDOW)
        if wanted.order is Order.FIT and wanted.expression:
            places = _liked_too(places)
        from_here = 0 if wanted.order is Order.FIT and about <= FEW else asked.first - begin
        return [place.paper_id for place in places[from_here:]], about

    def _picks(self, asked: Asked, profile: Profile, ids: Sequence[str]) -> Sequence[Pick]:
        """Those of some papers that match, in the order asked for."""
        block = catalogue.by_ids(self._engine, ids)
        picks = Matcher(block).select(profile, limit=len(block)).picks
        if asked.order is Order.FIT:
            return picks
        order = {paper_id: place for place, paper_id in enumerate(ids)}
        return sorted(picks, key=lambda pick: order[pick.paper.id])


def _liked_too(places: Sequence[Place]) -> list[Place]:
    """Order papers by how well they fit and how they are liked, as a digest does; who has no votes is like the rest."""
    scales = {place.upvotes: scale(place.upvotes) for place in places if place.upvotes}
    typical = fmean(scale(place.upvotes) for place in places if place.upvotes) if scales else 1.0
    return sorted(places, key=lambda place: -place.fit * scales.get(place.upvotes, typical) ** STRENGTH)


def _letters(title: str) -> str:
    return "".join(c for c in title.casefold() if c.isalnum())


def _words_of(paper: Paper) -> Iterator[Expression]:
    words = [token.surface for token in cut(paper.title) if not is_function_word(token.surface)]
    yield from (Run((key(word),)) for word in words[:MOST_WORDS])
    for keyword in paper.keywords[:MOST_WORDS]:
        yield Run(tuple(key(token.surface) for token in cut(keyword)) or (key(keyword),))


def _wanted(asked: Asked, profile: Profile) -> Wanted:
    filters = [Run((fact(*one),)) for one in _facts(asked)]
    found = every([some(expression(topic.query) for topic in profile.topics), *filters])
    return Wanted(found, asked.since, asked.until, asked.order, _least_upvotes(profile))


def _least_upvotes(profile: Profile) -> int:
    """The fewest upvotes that a paper needs whichever topic finds it."""
    return min(map(_least, (topic.query for topic in profile.topics)), default=0)


def _least(query: Query) -> int:
    if isinstance(query, Fact) and query.field == "upvotes" and query.comparison in {">=", ">", "="}:
        return int(query.value)
    return max(map(_least, query.parts)) if isinstance(query, And) else 0


def _facts(asked: Asked) -> list[tuple[str, str]]:
    return [("source", asked.source)] * bool(asked.source) + [("has", "code")] * asked.code


def _apart(profile: Profile) -> str:
    """Write a single phrase as its words, wherever they stand; nothing for anything else."""
    topics = profile.topics
    query = topics[0].query if len(topics) == 1 else None
    if not isinstance(query, Phrase) or query.exact or query.field:
        return ""
    words = [word for word in query.words if not is_function_word(word.text)]
    if len(words) < 2:
        return ""
    return str(And(tuple(Phrase((Word(word.text, prefix=word.prefix),)) for word in words)))
