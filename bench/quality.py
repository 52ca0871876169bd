"""How well topics find papers: `python -m bench.quality`, beside other ways to search, and words that trap a matcher.

As digests are read: the papers of a week or a day, a topic that two or more of them carry as a keyword, and the first
ten found. As an archive is searched: all the papers, a topic that five or more carry, 200 deep. Nobody is shown the
keywords. Weights are chosen on the days before JUDGING, and believed only on the days from then on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from bench import captures, postgres, report, searches
from bench.measures import average_precision, gain, interval, mean, ndcg, recall
from bench.searches import DEPTH, Search, Way
from digest.domain import Paper
from digest.match import Matcher
from digest.topics import parse

JUDGING = date(2025, 11, 1)
CARRIERS_IN_A_DIGEST = 2
CARRIERS_IN_AN_ARCHIVE = 5

Days: TypeAlias = Mapping[date, Sequence[Paper]]
# What was found, and the gains of the wanted.
Measure: TypeAlias = Callable[[Sequence[str], Mapping[str, float]], float]

# What sources.md counted: a word with its plural, names in their own case, and a phrase with hyphens or spaces.
WORDS = {name: rf"\b{name}s?\b" for name in ("RAG", "SAM", "AI", "GAN", "ViT", "LLM")} | {"agent": r"(?i)\bagents?\b"}
PHRASES = ("large language model", "vision-language model", "mixture of experts", "retrieval-augmented generation")


@dataclass(frozen=True, slots=True)
class Pool:
    """Papers to search, without their keywords, and the gains of those each topic ought to find, by id."""

    papers: Sequence[Paper]
    wanted: Mapping[str, Mapping[str, float]]


def pool(papers: Iterable[Paper], fewest: int) -> Pool:
    """Ask for every keyword that so many papers carry."""
    distinct = list({paper.id: paper for paper in papers}.values())
    carriers: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for paper in distinct:
        for keyword in paper.keywords:
            carriers[keyword][paper.id] = gain(paper.upvotes)
    unseen = [replace(paper, keywords=(), summary="") for paper in distinct]
    return Pool(unseen, {keyword: found for keyword, found in carriers.items() if len(found) >= fewest})


def by_day(days: Days) -> list[Pool]:
    return [pool(papers, CARRIERS_IN_A_DIGEST) for papers in days.values()]


def by_week(days: Days) -> list[Pool]:
    weeks: defaultdict[tuple[int, int], list[Paper]] = defaultdict(list)
    for day, papers in days.items():
        weeks[day.isocalendar()[:2]] += papers
    return [pool(papers, CARRIERS_IN_A_DIGEST) for papers in weeks.values()]


def together(days: Days) -> list[Pool]:
    return [pool((paper for papers in days.values() for paper in papers), CARRIERS_IN_AN_ARCHIVE)]


def found(way: Way, pools: Sequence[Pool]) -> Iterator[tuple[list[str], Mapping[str, float]]]:
    """Search every pool for each of its topics."""
    for each in pools:
        search: Search = way(each.papers)
        yield from ((search(topic), gains) for topic, gains in each.wanted.items())


def compare(ways: Mapping[str, Way], pools: Sequence[Pool], measures: Mapping[str, Measure]) -> None:
    """Print each way's figures, and by how much the first is better, with its 95 % interval."""
    results = {name: list(found(way, pools)) for name, way in ways.items()}
    rows: dict[str, list[str]] = {name: [] for name in ways}
    for measure in measures.values():
        figures = {name: [measure(*each) for each in result] for name, result in results.items()}
        first = next(iter(figures.values()))
        for name, values in figures.items():
            low, high = interval(first, values)
            better = f"{mean(first) - mean(values):+.3f} ({low:+.3f} to {high:+.3f})" if values is not first else ""
            rows[name] += [f"{mean(values):.3f}", better]
    report.table(("", *(title for name in measures for title in (name, "ours is better by"))), _rows(rows))


def _rows(rows: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    return [(name, *cells) for name, cells in rows.items()]


def traps(papers: Sequence[Paper]) -> list[tuple[str, int, int, int]]:
    """For each word that traps a matcher: papers with it as a substring, as an expression finds them, and as we do."""
    matcher = Matcher(papers)
    texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
    patterns = WORDS | {phrase: "(?i)" + re.sub(r"[ -]", r"[\\s-]+", phrase) for phrase in PHRASES}
    rows = []
    for topic, pattern in patterns.items():
        found = matcher.matching(parse([f"title:({topic}) | abstract:({topic})"]))
        substring = sum(topic.lower() in text.lower() for text in texts)
        expected = sum(bool(re.search(pattern, text)) for text in texts)
        rows.append((topic, substring, expected, len(found)))
    return rows


DIGESTS: Mapping[str, Measure] = {"nDCG@10": ndcg}
ARCHIVE: Mapping[str, Measure] = {"mean average precision": average_precision, f"recall@{DEPTH}": recall}


def measure(ways: Mapping[str, Way], days: Days, purpose: str) -> None:
    """Compare the ways on some days: by week, by day, and on all of them together."""
    if not days:
        return
    span = f"{purpose}: {min(days)} to {max(days)}"
    for title, pools, measures in (
        ("a week's papers", by_week(days), DIGESTS),
        ("a day's papers", by_day(days), DIGESTS),
        ("all papers", together(days), ARCHIVE),
    ):
        topics, papers = sum(len(each.wanted) for each in pools), sum(len(each.papers) for each in pools)
        report.heading(f"{span}, {title}: {topics:,} topics, {papers:,} papers")
        if topics:
            compare(ways, pools, measures)


def main() -> None:
    days = captures.days()
    report.machine()
    with postgres.served() as connection:
        ways: dict[str, Way] = {
            "ours": searches.ours,
            "ours, then related papers": searches.ours_with_related,
            "ours, best match first": searches.ours_best_match,
            "ours, best match first, then related papers": searches.ours_best_match_with_related,
            "PostgreSQL, phrases by ts_rank_cd": searches.by_postgres(connection),
            "tantivy, phrases by BM25": searches.by_tantivy,
            "substrings by count": searches.by_substring,
            "substrings by upvotes": searches.by_upvotes,
        }
        measure(ways, {day: papers for day, papers in days.items() if day < JUDGING}, "days for choosing")
        measure(ways, {day: papers for day, papers in days.items() if day >= JUDGING}, "days for judging")
    report.heading("Words that trap a matcher: papers with them in title or abstract")
    every = list({paper.id: paper for listed in days.values() for paper in listed}.values())
    report.table(("topic", "as a substring", "as it is meant", "found by us"), traps(every))


if __name__ == "__main__":
    main()
