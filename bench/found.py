"""How near a search is to what the matcher of all papers would choose: `python -m bench.found [--papers 10000]`.

A search lets the database choose the papers that the matcher sees. Of each question: of the ten papers that the matcher
of all stored papers puts first, how many are on the first page; and of the first ten of that page, how many are among
the best fifty, and among the best tenth of all that match.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from statistics import fmean

from sqlalchemy import Engine

from bench import library, parts, report
from bench.web import QUESTIONS
from digest.jobs.searches import FEW, Asked, Searches
from digest.match import Matcher
from digest.store import papers
from digest.store.engine import connect, migrate
from digest.topics import parse

MORE = (
    *("transformer", "benchmark", "robotics", "graph neural network", "retrieval augmented generation", "world model"),
    *("federated learning", "3D reconstruction", "title:agent", "text-to-image | text-to-video", "safety + alignment"),
)
FIRST, GOOD = 10, 50


def filled(url: str, most: int) -> Engine:
    engine = connect(url)
    migrate(engine)
    library.store_more(engine, most, library.store_listed(engine))
    return engine


def share(found: Sequence[str], wanted: Sequence[str], of: int) -> float:
    return len(set(found) & set(wanted)) / max(1, of)


def tenth_of(best: Sequence[str]) -> int:
    return max(FIRST, len(best) // 10)


def compare(engine: Engine, chosen: dict[str, list[str]]) -> None:
    """Say for questions with few matches, with more, and with a thousand and more, how near the page is."""
    searches, rows = Searches(engine), []
    bounds = {f"up to {FEW}": (1, FEW), f"{FEW + 1} to 999": (FEW + 1, 999), "1,000 and more": (1000, 10**9)}
    for name, (least, most) in bounds.items():
        asked = {question: best for question, best in chosen.items() if least <= len(best) <= most}
        pages = {question: [pick.paper.id for pick in searches.search(Asked(question)).picks] for question in asked}
        of_ten = fmean(share(pages[one], best[:FIRST], min(FIRST, len(best))) for one, best in asked.items())
        good = fmean(share(pages[one][:FIRST], best[:GOOD], FIRST) for one, best in asked.items())
        tenth = fmean(share(pages[one][:FIRST], best[: tenth_of(best)], FIRST) for one, best in asked.items())
        rows.append((name, str(len(asked)), *(f"{value:.2f}" for value in (of_ten, good, tenth))))
    report.heading(f"The first page of a search, {engine.dialect.name}")
    report.table(("matching papers", "questions", "of the best 10", "among the best 50", "among the best tenth"), rows)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--papers", type=int, default=10_000, help="how many stored papers to search")
    options.add_argument("--postgresql", action="store_true", help="search in PostgreSQL, too")
    given = options.parse_args()
    report.machine()
    with tempfile.TemporaryDirectory() as folder, parts.postgres() if given.postgresql else nullcontext() as postgres:
        engine = filled(f"sqlite:///{Path(folder) / 'found.sqlite3'}", given.papers)
        matcher = Matcher(papers.listed(engine, date.min, date.max))
        chosen = {
            question: [pick.paper.id for pick in matcher.select(parse(question), limit=given.papers).picks]
            for question in (*QUESTIONS, *MORE)
        }
        compare(engine, chosen)
        if postgres:
            compare(filled(postgres.database("found"), given.papers), chosen)


if __name__ == "__main__":
    main()
