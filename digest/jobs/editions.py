"""What a delivery may choose from: the papers of its window, indexed once for all who share it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, lru_cache, partial

from sqlalchemy import Engine

from digest.domain import Delivery, Kind, Paper, Pick, Quiet, Window
from digest.jobs.quiet import Archive
from digest.match import Matcher
from digest.store import catalogue, editions, feedback, heard, papers
from digest.topics import parse

# Windows that are at work at the same time: one for each rhythm that is due, and those of late-comers.
KEEP_INDEXES = 64
# A day alone says little about a topic. The most liked papers of so long say what it is about, in other words: so many
# are indexed within a second and take 40 MB, once a round in which somebody wants what is related.
SAYS_WHAT_IT_IS_ABOUT = timedelta(days=42)
MOST_ABOUT = 500


@dataclass(frozen=True, slots=True)
class Edition:
    """The papers one reader chooses from, those they have had already, when they last heard from us, if ever.

    `votes` are the words they voted on, for what has not been chosen yet.
    """

    matcher: Matcher
    # The first and the last day on which any of its papers was listed: what a mail says it covers.
    days: tuple[date, date] | None = None
    seen: frozenset[str] = frozenset()
    last_heard: datetime | None = None
    first: bool = False
    votes: Mapping[str, int] = field(default_factory=dict)
    quiet: Callable[[], Quiet] = Quiet

    @property
    def papers(self) -> Sequence[Paper]:
        return self.matcher.index.papers


@dataclass(frozen=True, slots=True)
class Shared:
    """What all readers of a window have in common. Only a paper listed before it can have been sent to somebody."""

    matcher: Matcher
    relisted: frozenset[str]
    days: tuple[date, date] | None
    # When any of those was listed first: of no mail before that need be asked. None if that is not known any more.
    first_seen: datetime | None = None


def chosen_again(delivery: Delivery, edition: Edition) -> tuple[list[Pick], list[Pick]]:
    """The papers a delivery was given before, in their order, and the others that fit.

    A paper stays chosen though the reader's topics have changed since; it has no reasons then.
    """
    wanted, everything = delivery.preferences, len(edition.papers)
    votes = dict(delivery.beside.votes)
    fitting = edition.matcher.select(
        parse(wanted.topics), limit=everything, seen=edition.seen, order=wanted.order, votes=votes
    ).picks
    known = {paper.id: Pick(paper, 0, ()) for paper in edition.papers} | {pick.paper.id: pick for pick in fitting}
    chosen = [known[id] for id in delivery.papers if id in known]
    return chosen, [pick for pick in fitting if pick.paper.id not in delivery.papers]


def related_again(delivery: Delivery, edition: Edition) -> tuple[Pick, ...]:
    """The related papers a delivery was given before, and why they were."""
    known = {paper.id: paper for paper in edition.papers}
    return tuple([Pick(known[id], 0, (why,)) for id, why in delivery.beside.related if id in known])


def _is_first(delivery: Delivery, before: Mapping[int, datetime]) -> bool:
    """Whether it is a reader's first digest; of one that was written, whether it was when it was."""
    return delivery.beside.first if delivery.written else delivery.id not in before


class Editions:
    """The editions of a round."""

    def __init__(self, engine: Engine, *, freeze: bool = False, keep: int = KEEP_INDEXES) -> None:
        """With `freeze`, what a window brings is written down, and is the same for every mail from then on."""
        self._engine = engine
        self._listed = editions.freeze if freeze else editions.find
        self._shared = lru_cache(keep)(self._index)
        self._archive = Archive(engine)
        self._about = cache(self._recent)

    def gather(self, group: Iterable[Delivery]) -> dict[int, Edition]:
        """Find what each digest of a group chooses from, by the delivery's id."""
        digests = [delivery for delivery in group if delivery.kind == Kind.DIGEST]
        readers = {delivery.reader.id for delivery in digests}
        before = heard.last_heard(self._engine, digests)
        sent = self._sent(digests, readers)
        # What was written before is written again with the votes that counted then.
        choosing = [delivery for delivery in digests if not delivery.written]
        votes = feedback.votes_on_words(self._engine, {one.reader.id for one in choosing}) if choosing else {}
        if any(delivery.preferences.related for delivery in choosing):
            # Here, and not while a mail is written: a database that is away, or a second it takes, is no mail's fault.
            self._about().rarity()
        return {delivery.id: self._edition(delivery, sent, before, votes) for delivery in digests}

    def _sent(self, digests: Iterable[Delivery], readers: set[int]) -> dict[int, set[str]]:
        """What these readers had of papers that are listed again."""
        again = [shared for shared in map(self._shared, {one.window for one in digests}) if shared.relisted]
        known = [shared.first_seen for shared in again if shared.first_seen]
        since = min(known) if known and len(known) == len(again) else None
        return heard.papers_sent(self._engine, readers, since) if again else {}

    def _edition(
        self,
        delivery: Delivery,
        sent: Mapping[int, set[str]],
        before: Mapping[int, datetime],
        votes: Mapping[int, Mapping[str, int]],
    ) -> Edition:
        reader, shared = delivery.reader, self._shared(delivery.window)
        seen = shared.relisted & sent.get(reader.id, set()) - set(delivery.shown)
        last_heard = before.get(delivery.id, reader.confirmed_at)
        quiet = partial(self._archive.quiet, delivery, last_heard)
        first, mine = _is_first(delivery, before), votes.get(reader.id, {})
        return Edition(shared.matcher, shared.days, seen, last_heard, first=first, votes=mine, quiet=quiet)

    def _index(self, window: Window) -> Shared:
        listed = self._listed(self._engine, window)
        days = [paper.listed_on for paper in listed.papers if paper.listed_on]
        matcher = Matcher(listed.papers, archive=self._about)
        first_seen = papers.first_seen(self._engine, listed.relisted) if listed.relisted else None
        return Shared(matcher, listed.relisted, (min(days), max(days)) if days else None, first_seen)

    def _recent(self) -> Matcher:
        """Index the papers that say what topics are about; what is found by them is frozen with the mail."""
        days = papers.days(self._engine, 1)
        newest = next(iter(days), date.min + SAYS_WHAT_IT_IS_ABOUT)
        return Matcher(catalogue.liked(self._engine, newest - SAYS_WHAT_IT_IS_ABOUT, newest, most=MOST_ABOUT))
