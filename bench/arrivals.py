"""What arXiv's busiest day costs, from its answer to the last paper stored: `python -m bench.arrivals`.

In processor time, of this process and of PostgreSQL's; on an empty database, and again as on a second look. The feed
is written from captured papers, some with the formulas and accents that arXiv's titles have.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from time import process_time
from xml.sax.saxutils import escape

from sqlalchemy import Engine

from bench import captures, parts, report
from digest.domain import CollectionRun, Listing, Outcome, Paper
from digest.sources.arxiv import feed_of
from digest.store import papers
from digest.store.engine import connect, migrate

DAY = date(2026, 3, 17)
BUSIEST = 1_200  # papers: the categories of machine learning, language and vision together
# What stands in one title or abstract of four, and is read as TeX.
FORMULAS = (r"$\mathcal{O}(n^{2})$-Time", r"Schr\"odinger's", r"$\alpha$-R\'enyi", r"\textbf{3D}")
NAMES = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'


def feed(known: Sequence[Paper], most: int) -> bytes:
    """Write a feed of so many entries; papers come again under other ids where there are too few."""
    entries = "".join(_entry(number, known[number % len(known)]) for number in range(most))
    made = f"<updated>{DAY}T04:00:19+00:00</updated>"
    return f'<feed {NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/">{made}{entries}</feed>'.encode()


def _entry(number: int, paper: Paper) -> str:
    formula = f" {FORMULAS[number // 4 % len(FORMULAS)]}" if number % 4 == 0 else ""
    title, abstract = escape(paper.title + formula), escape(paper.abstract + formula)
    id = f"2603.{number:05}v1"
    return (
        f"<entry><id>oai:arXiv.org:{id}</id><title>{title}</title>"
        f"<summary>arXiv:{id} Announce Type: new\nAbstract: {abstract}</summary>"
        f'<category term="cs.CL"/><category term="cs.LG"/><published>{DAY}T00:00:00-04:00</published>'
        f"<arxiv:announce_type>new</arxiv:announce_type><dc:creator>{escape(', '.join(paper.authors))}</dc:creator>"
        "</entry>"
    )


def read(body: bytes) -> tuple[Sequence[Listing], float]:
    """Read the feed; say how long it took."""
    begun = process_time()
    found = feed_of(body, DAY).listings
    return found, process_time() - begun


def stored(engine: Engine, found: Sequence[Listing], others: Callable[[], float]) -> float:
    """Store what was found; return the seconds of this process and of what it had others do."""
    run = CollectionRun("arxiv", DAY, "feed", len(found), 0.1, Outcome.OK, "", datetime(2026, 3, 17, 5, tzinfo=UTC))
    begun, elsewhere = process_time(), others()
    kept = papers.keep(engine, found, run)
    assert kept.collection.papers == len(found), kept.collection.note
    return process_time() - begun + others() - elsewhere


def main() -> None:
    report.machine()
    known = captures.arxiv(BUSIEST) or [one.paper for one in captures.sample_day()]
    found, reading = read(feed(known, BUSIEST))
    rows = []
    with tempfile.TemporaryDirectory() as folder, parts.postgres() as postgres:
        sqlite = f"sqlite:///{folder}/digest.sqlite3"
        for name, url, others in (
            ("SQLite", sqlite, lambda: 0.0),
            ("PostgreSQL", postgres.database("arrivals"), lambda: parts.spent(postgres.pid)),
        ):
            engine = connect(url)
            migrate(engine)
            first, again = stored(engine, found, others), stored(engine, found, others)
            engine.dispose()
            rows.append((name, *(f"{each:.2f}" for each in (reading, first, reading + first, reading + again))))
    report.heading(f"A day of {len(found):,} papers, from arXiv's answer to stored, in seconds of processor time")
    report.table(("", "reading", "storing", "together (3)", "a second look"), rows)


if __name__ == "__main__":
    main()
