"""Whether it holds for all: `python -m bench.splits`, our order beside the best of its peers, part by part.

By month, by how many papers carry a topic, by the form of its words, and for topics no word of which stands in a topic
of the days for choosing. Intervals are of a bootstrap over weeks: the topics of a week share its papers. In the end
nobody votes, and no upvotes are known, as on arXiv. `PAPER_DIGEST_REALDATA` names a folder with other days.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bench import captures, report, searches
from bench.measures import interval, mean, ndcg
from bench.quality import CARRIERS_IN_A_DIGEST, JUDGING, Days, by_week, pool
from bench.searches import Way
from digest.domain import Paper
from digest.topics.words import fold, stem

MANY = 5  # papers of a week that carry a topic


@dataclass(frozen=True, slots=True)
class Asked:
    """A topic of a week: the papers that carry it, and how well ours and its peer found them."""

    week: date
    topic: str
    carriers: int
    ours: float
    peer: float


def asked(days: Days, peer: Way) -> Iterator[Asked]:
    """Ask for every topic that enough papers of a week carry."""
    for first, week in _weeks(days).items():
        each = pool([paper for papers in week.values() for paper in papers], CARRIERS_IN_A_DIGEST)
        ours, theirs = searches.ours(each.papers), peer(each.papers)
        for topic, gains in each.wanted.items():
            yield Asked(first, topic, len(gains), ndcg(ours(topic), gains), ndcg(theirs(topic), gains))


def _weeks(days: Days) -> Mapping[date, Days]:
    weeks: defaultdict[tuple[int, int], dict[date, Sequence[Paper]]] = defaultdict(dict)
    for day, papers in days.items():
        weeks[day.isocalendar()[:2]][day] = papers
    return {min(week): week for week in weeks.values()}


def parts(known: set[str]) -> Mapping[str, Callable[[Asked], str]]:
    """Name the parts that a topic may be in; `known` are the stems of the topics that weights were chosen by."""
    return {
        "month": lambda one: f"{one.week:%Y-%m}",
        "carriers": lambda one: "2" if one.carriers == 2 else f"3 to {MANY - 1}" if one.carriers < MANY else "more",
        "form": lambda one: _form(one.topic),
        "words": lambda one: "of topics for choosing" if stems(one.topic) & known else "none of them",
    }


def _form(topic: str) -> str:
    if re.search(r"[A-Z]{2}", topic):
        return "with an abbreviation"
    return ("one word", "two words", "more words")[min(2, len(stems(topic, sep=r"\s+")) - 1)]


def stems(topic: str, sep: str = r"[\s-]+") -> set[str]:
    return {stem(fold(word)) for word in re.split(sep, topic) if word}


def beside(found: Sequence[Asked]) -> tuple[str, ...]:
    """Say how well both did, and how sure the difference is, by weeks."""
    weeks: defaultdict[date, list[Asked]] = defaultdict(list)
    for one in found:
        weeks[one.week].append(one)
    low, high = interval(*zip(*[(one.ours, one.peer) for one in found], strict=True)) if len(weeks) < 2 else _by(weeks)
    ours, peer = mean([one.ours for one in found]), mean([one.peer for one in found])
    return f"{len(found):,}", f"{ours:.3f}", f"{peer:.3f}", f"{ours - peer:+.3f} ({low:+.3f} to {high:+.3f})"


def _by(weeks: Mapping[date, Sequence[Asked]]) -> tuple[float, float]:
    """Give the 95 % interval of the mean difference, by a bootstrap over whole weeks."""
    many = mean([len(found) for found in weeks.values()])
    sums = [sum(one.ours - one.peer for one in found) / many for found in weeks.values()]
    return interval(sums, [0.0] * len(sums))


def unvoted(days: Days) -> Days:
    """Take the upvotes away, as where nobody can vote."""
    return {day: [replace(paper, upvotes=0) for paper in papers] for day, papers in days.items()}


def rows(days: Days, known: set[str]) -> Iterator[tuple[str, ...]]:
    found = list(asked(days, searches.by_upvotes))
    yield "all", "", *beside(found)
    for name, part in parts(known).items():
        for value in sorted({part(one) for one in found}):
            yield name, value, *beside([one for one in found if part(one) == value])
    yield "no upvotes", "peer: by count", *beside(list(asked(unvoted(days), searches.by_substring)))
    yield "no upvotes", "peer: tantivy", *beside(list(asked(unvoted(days), searches.by_tantivy)))


def main() -> None:
    report.machine()
    days = captures.days()
    choosing = {day: papers for day, papers in days.items() if day < JUDGING}
    known = {stem for each in by_week(choosing) for topic in each.wanted for stem in stems(topic)}
    for purpose, some in (("choosing", choosing), ("judging", {day: days[day] for day in days if day >= JUDGING})):
        if some:
            report.heading(f"nDCG@10 by week, days for {purpose}: {min(some)} to {max(some)}")
            report.table(("", "", "topics", "ours", "by upvotes", "ours is better by"), rows(some, known))


if __name__ == "__main__":
    main()
