"""How fast readers are matched: `python -m bench.matching [--readers N]`, on one core, beside two peers."""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

from bench import captures, postgres, profiles, report
from digest.domain import Paper
from digest.match import Matcher
from digest.topics import parse, read_line
from digest.topics.grammar import read_topic

PICKS = 10
PEER_READERS = 100_000
# A regular expression a reader is so slow that a few of them say enough.
REGEX_READERS = 300
FRESH = 20_000
AN_ARCHIVE = 1_600  # papers: what a page of the archive or the preview is made from


@dataclass(frozen=True, slots=True)
class Run:
    """What it took to match so many readers: seconds for reading their profiles, parsing, and all; the most MB held."""

    papers: int
    readers: int
    reading: float
    parsing: float
    total: float
    picks: int
    memory: float


def matched(papers: Sequence[Paper], file: Path, readers: int) -> Run:
    """Index the papers and pick for each reader, with reasons, in a process that has read no topic before."""
    fresh = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as process:
        return process.submit(_match, papers, file, readers).result()


def _match(papers: Sequence[Paper], file: Path, readers: int) -> Run:
    reading, parsing, matching, picks = 0.0, 0.0, 0.0, 0
    known: set[str] = set()
    before = perf_counter()
    matcher = Matcher(papers)
    matching = perf_counter() - before
    chunks = profiles.chunks(file, readers)
    while True:
        before = perf_counter()
        chunk = next(chunks, [])
        reading += perf_counter() - before
        if not chunk:
            return Run(
                len(papers), readers, reading, parsing, reading + parsing + matching, picks, report.peak_memory()
            )
        # A line is read when it is first matched; here before, to be counted.
        new = {line for topics in chunk for line in topics} - known
        known |= new
        before = perf_counter()
        parsed = [parse(topics) for topics in chunk]
        for line in new:
            read_line(line)
        parsing += perf_counter() - before
        before = perf_counter()
        picks += sum([len(matcher.select(profile, limit=PICKS).picks) for profile in parsed])
        matching += perf_counter() - before


def first_answers(papers: Sequence[Paper]) -> dict[str, float]:
    """Seconds of processor time until an archive answers for the first time, by what is asked."""
    begun = process_time()
    matcher = Matcher(papers)
    profile = parse(["diffusion models", "reinforcement learning"])
    asked = {
        "papers for two topics": lambda: matcher.select(profile, limit=PICKS),
        "related papers": lambda: matcher.neighbours(profile, PICKS),
        "suggestions": lambda: matcher.suggest(profile),
    }
    seconds = {}
    for name, ask in asked.items():
        ask()  # type: ignore[no-untyped-call]  # lambdas of several types
        seconds[name] = process_time() - begun
        begun = process_time()
    return seconds


def by_regex(papers: Sequence[Paper], file: Path) -> float:
    """Seconds a reader takes when each has a compiled regular expression over every paper, only to know which match."""
    texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
    readers = [topics for chunk in profiles.chunks(file, REGEX_READERS) for topics in chunk]
    begun = perf_counter()
    for topics in readers:
        pattern = re.compile("|".join(rf"\b{re.escape(topic)}\b" for topic in topics), re.IGNORECASE)
        sum(bool(pattern.search(text)) for text in texts)
    return (perf_counter() - begun) / len(readers)


def by_tsquery(papers: Sequence[Paper], file: Path, readers: int) -> float:
    """Seconds a reader takes when PostgreSQL keeps a tsquery each under GiST, and counts who matches each paper."""
    with postgres.served() as connection:
        connection.execute("CREATE TABLE profiles (query tsquery NOT NULL)")
        queries = [postgres.tsquery(connection, topics) for chunk in profiles.chunks(file, readers) for topics in chunk]
        with connection.cursor().copy("COPY profiles FROM STDIN") as rows:
            for query in queries:
                rows.write_row((query,))
        connection.execute("CREATE INDEX ON profiles USING gist (query)")
        connection.execute("ANALYZE profiles")
        begun = perf_counter()
        for paper in papers:
            text = f"{paper.title}\n{paper.abstract}"
            connection.execute("SELECT count(*) FROM profiles WHERE query @@ to_tsvector('english', %s)", (text,))
        return (perf_counter() - begun) / readers


def parsed_fresh(file: Path) -> float:
    """Profiles a second when no topic was read before."""
    readers = [topics for chunk in profiles.chunks(file, FRESH // profiles.TOPICS) for topics in chunk]
    begun = perf_counter()
    for topics in readers:
        for topic in topics:
            read_topic(topic)
    return len(readers) / (perf_counter() - begun)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--readers", type=int, default=1_000_000)
    readers = arguments.parse_args().readers
    days = captures.days()
    largest = max(days.values(), key=len)
    many = captures.arxiv(1_000)
    report.machine()
    with tempfile.TemporaryDirectory() as folder:
        papers = [paper for listed in days.values() for paper in listed]
        file = profiles.written(profiles.drawn(papers, readers), Path(folder) / "profiles")
        _report_runs(largest, many, file, readers)
        _report_peers(largest, file, readers)
        _report_first(captures.arxiv(AN_ARCHIVE))
        report.console.print(
            f"Fresh topics are parsed at {parsed_fresh(file):,.0f} profiles a second (at least 5,000)."
        )


def _report_runs(largest: Sequence[Paper], many: Sequence[Paper], file: Path, readers: int) -> None:
    report.heading(f"Readers with {profiles.TOPICS} topics each, matched on one core, the best {PICKS} with reasons")
    runs = [matched(papers, file, count) for papers, count in _sizes(largest, many, readers)]
    report.table(
        ("readers", "papers", "seconds", "µs a reader", "picks a reader", "parsing", "reading", "MB"),
        [
            (
                f"{run.readers:,}",
                f"{run.papers:,}",
                f"{run.total:.1f}",
                f"{run.total / run.readers * 1e6:.1f}",
                f"{run.picks / run.readers:.1f}",
                f"{run.parsing / run.total:.0%}",
                f"{run.reading / run.total:.0%}",
                f"{run.memory:.0f}",
            )
            for run in runs
        ],
    )


def _report_first(papers: Sequence[Paper]) -> None:
    if papers:
        report.heading(f"First answers of an archive of {len(papers):,} papers, indexing included, in processor time")
        rows = [(name, f"{seconds:.2f}") for name, seconds in first_answers(papers).items()]
        report.table(("", "seconds more"), rows)


def _sizes(largest: Sequence[Paper], many: Sequence[Paper], readers: int) -> list[tuple[Sequence[Paper], int]]:
    """Every step of growth: ten times the readers, then ten times the papers."""
    return [
        (papers, count)
        for papers, count in ((largest, readers // 10), (largest, readers), (many[:100], readers), (many, readers))
        if papers
    ]


def _report_peers(papers: Sequence[Paper], file: Path, readers: int) -> None:
    report.heading(f"Beside peers, on the largest day ({len(papers)} papers)")
    ours = matched(papers, file, readers).total / readers
    peers = {
        "PostgreSQL, a tsquery a reader, counting only": (by_tsquery(papers, file, min(readers, PEER_READERS)), 10),
        "a regular expression a reader, counting only": (by_regex(papers, file), 500),
    }
    rows = [(name, f"{each * 1e6:,.0f}", f"{each / ours:,.0f}", target) for name, (each, target) in peers.items()]
    report.table(
        ("", "µs a reader", "times ours", "target"), [("ours, with reasons", f"{ours * 1e6:.1f}", 1, ""), *rows]
    )


if __name__ == "__main__":
    main()
