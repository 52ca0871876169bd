"""Suggestions and sentences beside what a person said of them: `python -m bench.labelled`.

`labels/suggestions.csv` says of suggestions whether somebody might follow them; `labels/novelty.csv` has the sentences
(from 0) of abstracts that say what is new. Those for choosing were known while the rules were made; those for
judging decided nothing. Both files are about real papers of the captures, and hold no text of theirs.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import captures, report
from bench.measures import share_interval
from digest.domain import Paper
from digest.match import Matcher
from digest.text import sentences
from digest.text.novelty import novelty
from digest.topics import parse

LABELS = Path(__file__).parent / "labels"
SUGGESTIONS = 6


def read(name: str) -> list[dict[str, str]]:
    with (LABELS / name).open() as lines:
        return list(csv.DictReader(lines))


def suggestions(matcher: Matcher, rows: Sequence[Mapping[str, str]]) -> tuple[int, int, int]:
    """Count the suggestions for the labelled topics that are good, that are not, and that nobody has judged."""
    labels = {(row["topic"], row["suggestion"]): row["good"] for row in rows}
    topics = dict.fromkeys(topic for topic, _ in labels)
    judged = [labels.get((topic, one)) for topic in topics for one in matcher.suggest(parse([topic]), SUGGESTIONS)]
    return judged.count("yes"), judged.count("no"), judged.count(None)


def sentences_right(papers: Mapping[str, Paper], rows: Sequence[Mapping[str, str]]) -> tuple[int, int, int]:
    """Count the abstracts, those whose sentence is found, and those whose first sentence would do."""
    known = [(papers[row["paper"]].abstract, row["sentences"].split()) for row in rows if row["paper"] in papers]
    found = [str(sentences(abstract).index(novelty(abstract))) in right for abstract, right in known]
    return len(known), sum(found), sum("0" in right for _, right in known)


def main() -> None:
    papers = {paper.id: paper for listed in captures.days().values() for paper in listed}
    report.machine()
    report.heading("Suggestions somebody might follow")
    matcher, rows = Matcher(papers.values()), read("suggestions.csv")
    judged = [(name, suggestions(matcher, [row for row in rows if row["set"] == name])) for name in SETS]
    report.table(
        ("topics", "good", "not", "not judged", "share of those judged"),
        [(f"for {name}", good, bad, unjudged, share(good, good + bad)) for name, (good, bad, unjudged) in judged],
    )
    report.heading("The sentence that says what is new")
    rows = read("novelty.csv")
    sets = [(name, sentences_right(papers, [row for row in rows if row["set"] == name])) for name in SETS]
    report.table(
        ("abstracts", "", "found", "the first would do"),
        [(f"for {name}", many, share(found, many), share(first, many)) for name, (many, found, first) in sets],
    )


SETS = ("choosing", "judging")


def share(part: int, whole: int) -> str:
    low, high = share_interval(part, whole)
    return f"{part / max(1, whole):.0%} ({low:.0%} to {high:.0%})"


if __name__ == "__main__":
    main()
