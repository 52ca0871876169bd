"""What related papers add to digests: `python -m bench.near`, day by day, as a round of deliveries finds them.

A day is an edition; the most liked papers of the six weeks before it say what topics are about. How often a digest gets
any is counted for readers with five topics. Whether they are about the topic is asked of a topic that two or more
papers of the day carry as a keyword, when half of these have its words cut out: what share of the related are those,
beside a paper chosen by chance among all that could have been. A keyword is a strict judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from bench import captures, profiles, report
from bench.measures import mean, share_interval
from bench.quality import CARRIERS_IN_A_DIGEST, JUDGING, Days
from digest.domain import Paper, Selection
from digest.jobs.delivery.draft import MOST_RELATED
from digest.jobs.editions import MOST_ABOUT, SAYS_WHAT_IT_IS_ABOUT
from digest.match import Matcher
from digest.topics import parse

MOST_PAPERS = 10
READERS_A_DAY = 40
FEWEST_DAYS = 14  # before the first day that is asked about: with less, nothing says what topics are about
ROUNDS_OF_CUTTING = 10
SEED = 7
LONG_AGO = SAYS_WHAT_IT_IS_ABOUT.days


@dataclass(frozen=True, slots=True)
class Asked:
    """A topic of a day, its words cut out of some carriers: the related, carriers among them, and what chance finds."""

    related: int
    carriers: int
    chance: float


def before(days: Days, day: date) -> list[Paper]:
    """Give the papers that say on a day what topics are about, without that day's."""
    said = {one.id: one for each, listed in days.items() if 0 < (day - each).days <= LONG_AGO for one in listed}
    return sorted(said.values(), key=lambda paper: (-paper.upvotes, paper.id))[:MOST_ABOUT]


def digests(days: Days, chosen: Sequence[date]) -> Iterator[Selection]:
    """Make the digests of some days for readers with five topics; those with nothing in them are not sent."""
    everything = [paper for listed in days.values() for paper in listed]
    readers = profiles.drawn(everything, READERS_A_DAY * len(chosen), SEED)
    for day in chosen:
        matcher = Matcher(days[day], archive=Matcher(before(days, day)))
        for _ in range(READERS_A_DAY):
            found = matcher.select(parse(next(readers)), limit=MOST_PAPERS, related=MOST_RELATED)
            if found.picks:
                yield found


def asked(days: Days, chosen: Sequence[date]) -> Iterator[Asked]:
    """Ask about every topic that enough papers of a day carry."""
    draw = Random(SEED)
    for day in chosen:
        archive = Matcher(_unseen(before(days, day)))
        listed = {paper.id: paper for paper in _unseen(days[day])}
        for topic, carriers in _carriers(days[day]).items():
            hidden = draw.sample(carriers, len(carriers) // 2)
            yield _ask(archive, listed | {id: without(listed[id], topic) for id in hidden}, topic, set(hidden))


def _ask(archive: Matcher, listed: Mapping[str, Paper], topic: str, hidden: set[str]) -> Asked:
    matcher, profile = Matcher(listed.values(), archive=archive), parse([topic])
    found = matcher.select(profile, limit=MOST_PAPERS, related=MOST_RELATED).related
    others = listed.keys() - matcher.matching(profile)
    carriers = sum(pick.paper.id in hidden for pick in found)
    return Asked(len(found), carriers, len(others & hidden) / max(1, len(others)))


def without(paper: Paper, topic: str) -> Paper:
    """Cut the words of a topic out of a paper, in whatever way they are written."""
    for _ in range(ROUNDS_OF_CUTTING):
        found = Matcher([paper]).select(parse([topic]), limit=1).picks
        for words in {words for pick in found for reason in pick.reasons for words in reason.words}:
            paper = replace(paper, title=paper.title.replace(words, " "), abstract=paper.abstract.replace(words, " "))
    return paper


def _carriers(papers: Sequence[Paper]) -> dict[str, list[str]]:
    carriers: defaultdict[str, list[str]] = defaultdict(list)
    for paper in papers:
        for keyword in paper.keywords:
            carriers[keyword].append(paper.id)
    return {keyword: sorted(set(ids)) for keyword, ids in carriers.items() if len(set(ids)) >= CARRIERS_IN_A_DIGEST}


def _unseen(papers: Sequence[Paper]) -> list[Paper]:
    return [replace(paper, keywords=(), summary="") for paper in papers]


def main() -> None:
    report.machine()
    days = captures.days()
    known = [day for day in sorted(days) if (day - min(days)).days >= FEWEST_DAYS]
    for purpose, chosen in (
        ("choosing", [day for day in known if day < JUDGING]),
        ("judging", [day for day in known if day >= JUDGING]),
    ):
        if chosen:
            report.heading(f"Days for {purpose}: {chosen[0]} to {chosen[-1]}")
            report.table(
                ("", "of", "related", "share", "95 %", "by chance"), [_often(days, chosen), _about(days, chosen)]
            )


def _often(days: Days, chosen: Sequence[date]) -> tuple[object, ...]:
    sent = list(digests(days, chosen))
    return _row("digests with any", len(sent), sum(bool(each.related) for each in sent), "")


def _about(days: Days, chosen: Sequence[date]) -> tuple[object, ...]:
    shown = [each for each in asked(days, chosen) if each.related]
    chance = mean([each.chance for each in shown for _ in range(each.related)])
    related, carriers = sum(each.related for each in shown), sum(each.carriers for each in shown)
    return _row("related that carry the topic", related, carriers, f"{chance:.1%}")


def _row(what: str, whole: int, part: int, chance: str) -> tuple[object, ...]:
    low, high = share_interval(part, whole)
    return what, f"{whole:,}", part, f"{part / max(1, whole):.1%}", f"{low:.1%} to {high:.1%}", chance


if __name__ == "__main__":
    main()
