"""How fast the site answers: `python -m bench.web [--papers 10000,100000] [--seconds 2]`, ratios in one run.

Public pages are asked for one after the other without a network, beside a bare Starlette route that gives the same
bytes. Search and preview are timed with their rendering, each question once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, insert
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import captures, report
from digest.domain import CollectionRun, Listing, Outcome, Paper
from digest.settings import Settings
from digest.store import papers, search
from digest.store.engine import connect, migrate, writing
from digest.store.tables import listings as listing_rows
from digest.store.tables import papers as paper_rows
from digest.web import create_app

BASE = "https://papers.example.org"
NOWHERE = "redis://127.0.0.1:1/0"
QUESTIONS = (
    *("language model", "agents", "diffusion", "speculative decoding", "reinforcement learning", "video generation"),
    *(
        'author:"Wei Zhang"',
        "org:nvidia",
        "reasoning + benchmark",
        "robot* -simulation",
        "RAG",
        "3D gaussian splatting",
    ),
    *("image | video", "has:code + agents", "mixture of experts", "upvotes:>=50", "large language models for code"),
)
Ask = Callable[[str], "tuple[int, bytes]"]


def client(app: Any) -> Ask:  # noqa: ANN401 - any ASGI application
    """Ask an application as a server would, on one loop, without a network."""
    loop = asyncio.new_event_loop()
    headers = [(b"host", b"papers.example.org"), (b"accept-encoding", b"gzip")]

    async def ask(path: str) -> tuple[int, bytes]:
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "https",
            "query_string": query.encode(),
            "headers": headers,
            "client": ("192.0.2.1", 1),
            "server": None,
            "http_version": "1.1",
        }
        sent: list[Any] = []
        waiting = asyncio.Event()

        async def receive() -> dict[str, object]:
            if not sent:
                sent.append({})
                return {"type": "http.request", "body": b"", "more_body": False}
            await waiting.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app(scope, receive, send)
        messages = [message for message in sent if message]
        return messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:])

    return lambda path: loop.run_until_complete(ask(path))


def bare(body: bytes) -> Starlette:
    """The least that Starlette does to give these bytes."""

    async def give(_request: Request) -> Response:
        return Response(body, headers={"Content-Encoding": "gzip"}, media_type="text/html")

    return Starlette(routes=[Route("/", give)])


def a_second(ask: Ask, path: str, seconds: float) -> float:
    ask(path)
    started, asked = perf_counter(), 0
    while perf_counter() - started < seconds:
        for _ in range(50):
            ask(path)
        asked += 50
    return asked / (perf_counter() - started)


def percentile(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def timed(ask: Ask, paths: Sequence[str]) -> list[float]:
    times = []
    for path in paths:
        started = perf_counter()
        status, _ = ask(path)
        times.append(perf_counter() - started)
        assert status == 200, path
    return times


def store_listed(engine: Engine) -> date:
    """Store what was captured, day by day; return the latest."""
    days = captures.listed()
    for day, found in sorted(days.items()):
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        papers.keep(engine, found, CollectionRun("huggingface", day, "api", len(found), 0.1, Outcome.OK, "", at))
    return max(days)


def store_more(engine: Engine, most: int, latest: date) -> None:
    """Fill up with older papers: the texts of the captured ones, with their sentences shuffled."""
    known = [one.paper for found in captures.listed().values() for one in found] + captures.arxiv(20_000)
    luck, made = random.Random(1), count(1)
    with writing(engine) as connection:
        missing = most - sum(map(len, captures.listed().values()))
        for start in range(0, missing, 1000):
            new = [_variant(luck, known, next(made)) for _ in range(min(1000, missing - start))]
            day = latest - timedelta(days=60 + start // 200)
            connection.execute(insert(paper_rows), [_row(paper) for paper in new])
            connection.execute(insert(listing_rows), [_listing(paper, day, luck.randrange(80)) for paper in new])
    search.catch_up(engine)


def _variant(luck: random.Random, known: Sequence[Paper], number: int) -> Paper:
    one, other = luck.choice(known), luck.choice(known)
    sentences = one.abstract.split(". ") + other.abstract.split(". ")
    luck.shuffle(sentences)
    return replace(one, id=f"99{number % 100:02}.{number:06}", abstract=". ".join(sentences[: len(sentences) // 2]))


def _row(paper: Paper) -> dict[str, object]:
    return {column.name: getattr(paper, column.name) for column in paper_rows.columns}


def _listing(paper: Paper, day: date, upvotes: int) -> dict[str, object]:
    seen = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = Listing("huggingface", day, 1, paper, upvotes)
    return {
        "source": found.source, "day": day, "paper_id": paper.id, "rank": 1, "upvotes": upvotes, "comments": 0,
        "first_seen_at": seen, "archived": True,
    }  # fmt: skip


@contextmanager
def site(url: str, latest: date | None = None) -> Iterator[tuple[Ask, Engine]]:
    """The endpoint over a database, without limits that a broker would count."""
    engine = connect(url)
    migrate(engine)
    moment = datetime.combine(latest, datetime.min.time(), UTC) if latest else None
    app = create_app(Settings(broker_url=NOWHERE, base_url=BASE, trusted_networks=("0.0.0.0/0",), now=moment), engine)
    yield client(app), engine
    app.state.site.pools.close()
    engine.dispose()


def measure_pages(ask: Ask, latest: date, paper: str, seconds: float) -> None:
    report.heading("Pages a second, one after the other, and the share of a bare Starlette route with the same bytes")
    rows = []
    for path in ("/", f"/archive/{latest}", f"/papers/{paper}", "/style.css", "/feed.atom"):
        body = ask(path)[1]
        ours, theirs = a_second(ask, path, seconds), a_second(client(bare(body)), "/", seconds)
        rows.append((path, f"{len(body):,}", f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}"))
    report.table(("page", "bytes", "ours", "bare", "share (≥ 0.5)"), rows)
    first = sum(len(ask(path)[1]) for path in ("/", "/style.css", "/site.js", "/icon.svg"))
    report.console.print(f"First visit of home, body bytes over the wire: {first:,} (≤ 60,000)")


def measure_questions(ask: Ask, name: str, most: int) -> None:
    searches = timed(ask, [f"/search?q={question.replace('+', '%2B')}" for question in QUESTIONS])
    report.console.print(
        f"{name}: /search p50 {percentile(searches, 0.5):.0f} ms, p95 {percentile(searches, 0.95):.0f} ms (≤ {most})"
    )


def measure_previews(ask: Ask) -> None:
    ask("/preview?topics=warm")
    topics = [question.replace("+", "%2B") for question in QUESTIONS]
    previews = timed(ask, [f"/preview?topics={topic}" for topic in topics])
    report.console.print(
        f"/preview over 30 days: p50 {percentile(previews, 0.5):.0f} ms, p95 {percentile(previews, 0.95):.0f} ms (≤ 50)"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--papers", default="10000,100000")
    options.add_argument("--seconds", type=float, default=1.0)
    options.add_argument("--postgresql", default="", help="a second, empty database to search in")
    given = options.parse_args()
    report.machine()
    with tempfile.TemporaryDirectory() as folder:
        latest = max(captures.listed())
        with site(f"sqlite:///{Path(folder) / 'small.sqlite3'}", latest) as (ask, engine):
            store_listed(engine)
            paper = captures.listed()[latest][0].paper.id
            measure_pages(ask, latest, paper, given.seconds)
            measure_previews(ask)
        for most in map(int, given.papers.split(",")):
            urls = [f"sqlite:///{Path(folder) / f'{most}.sqlite3'}", *filter(None, [given.postgresql])]
            for url in urls:
                with site(url, latest) as (ask, engine):
                    store_listed(engine)
                    store_more(engine, most, latest)
                    name = f"{engine.dialect.name}, {most:,} papers"
                    measure_questions(ask, name, 60 if most <= 10_000 else 200)


if __name__ == "__main__":
    main()
