"""How the site answers: `python -m bench.web [--papers 10000,100000] [--seconds 1] [--postgresql]`, in one run.

Public pages are asked for one after the other, without a network, beside a bare Starlette route that gives the same
bytes. Searches and previews are timed whole, each question once, searches in each order. Subscriptions come 200 a
second; and 50 visitors who never stop asking for what is dear try to keep others from leaving.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time
from typing import Any

import structlog
from sqlalchemy import Engine, func, select

from bench import captures, library, parts, report
from bench.visits import a_second, ask, bare, percentile
from digest.domain import Preferences
from digest.links import Links
from digest.settings import Settings
from digest.store import readers
from digest.store.engine import connect, migrate
from digest.store.tables import readers as reader_rows
from digest.store.wanted import Order
from digest.web import create_app, take_turns, warm

BASE, KEY = "https://papers.example.org", "only for this measurement"
NOWHERE = "redis://127.0.0.1:1/0"
QUESTIONS = (
    *("language model", "agents", "diffusion", "speculative decoding", "reinforcement learning", "video generation"),
    *('author:"Wei Zhang"', "org:nvidia", "reasoning + benchmark", "robot* -simulation", "RAG", "gaussian splatting"),
    *("image | video", "has:code + agents", "mixture of experts", "upvotes:>=50", "large language models for code"),
)
SEARCHES = [f"/search?q={{}}&order={order}" for order in Order]
A_SECOND, SUBSCRIBERS = 200, 600
HOSTILE, LEAVING = 50, 100


@asynccontextmanager
async def site(engine: Engine, latest: date) -> AsyncIterator[Any]:
    """The endpoint over a database, for visitors from networks that are trusted."""
    moment = datetime.combine(latest, datetime.min.time(), UTC)
    everybody = ("0.0.0.0/0",)
    given: dict[str, Any] = {"broker_url": NOWHERE, "base_url": BASE, "secret_key": (KEY,), "confirmations_per_hour": 0}
    app = create_app(Settings(**given, trusted_networks=everybody, now=moment), engine)
    # As the endpoint does when it starts.
    take_turns()
    warm(app.state.site)
    yield app
    gc.unfreeze()
    app.state.site.pools.close()


async def pages(app: Any, latest: date, seconds: float) -> None:  # noqa: ANN401 - an ASGI application
    report.heading("Pages a second, and the share of a bare Starlette route with the same bytes (≥ 0.5)")
    paper = captures.listed()[latest][0].paper.id
    rows = []
    for path in ("/", f"/archive/{latest}", f"/papers/{paper}", "/style.css", "/feed.atom"):
        body = (await ask(app, path)).body
        ours, theirs = await a_second(app, path, seconds), await a_second(bare(body), "/", seconds)
        rows.append((path, f"{len(body):,}", f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}"))
    report.table(("page", "bytes", "ours", "bare", "share"), rows)
    first = [len((await ask(app, path)).body) for path in ("/", "/style.css", "/site.js", "/icon.svg")]
    report.console.print(f"First visit of home over the wire, without headers: {sum(first):,} bytes (≤ 60,000)")


async def questions(app: Any, name: str, paths: Sequence[str], most: int, server: int = 0) -> None:  # noqa: ANN401
    """Ask each question once in each way, after one that opens what there is; `server` is the database's process."""
    for path in paths:
        await ask(app, path.format("warm"))
    asked, spent = [], []
    for question in QUESTIONS:
        for path in paths:
            begun = process_time() + parts.worked(server)
            asked.append(await ask(app, path.format(question.replace("+", "%2B").replace('"', "%22"))))
            spent.append(process_time() + parts.worked(server) - begun)
    assert {answer.status for answer in asked} == {200}
    say(name, [answer.seconds for answer in asked], 0.95, most)
    middle, high = percentile(spent, 0.5), percentile(spent, 0.95)
    report.console.print(f"  of it, processor time with the server's: p50 {middle:.0f} ms, p95 {high:.0f} ms")


async def subscriptions(app: Any, engine: Engine) -> None:  # noqa: ANN401
    """Fill in the form 200 times a second, each time for somebody else."""
    tasks = []
    for number in range(SUBSCRIBERS):
        form = f"email=r{number}%40example.org&topics=agents".encode()
        tasks.append(asyncio.create_task(ask(app, "/subscribe", form, f"198.51.{number % 250}.1")))
        await asyncio.sleep(1 / A_SECOND)
    answers = await asyncio.gather(*tasks)
    with engine.connect() as connection:
        stored = connection.execute(select(func.count()).select_from(reader_rows)).scalar()
    say(f"POST /subscribe at {A_SECOND} a second", [answer.seconds for answer in answers], 0.99, 50)
    report.console.print(f"  of {SUBSCRIBERS} taken, stored: {stored}")


async def crowd(app: Any, engine: Engine) -> None:  # noqa: ANN401
    """Leave while 50 others ask for previews of ninety prefixes, each a new one, without end."""
    reader = readers.admit(engine, "leaving@example.org", Preferences(), datetime.now(UTC))
    path = Links("", (KEY,)).unsubscribe(reader.key)
    ended = asyncio.Event()

    async def hostile(number: int) -> None:
        turn = 0
        while not ended.is_set():
            turn += 1
            lines = "%0A".join(f"{chr(97 + word % 26)}{turn % 10}*%20|%20{number}x{word}*" for word in range(90))
            await ask(app, "/preview", f"topics={lines}".encode(), f"203.0.{number}.1")

    others = [asyncio.create_task(hostile(number)) for number in range(HOSTILE)]
    await asyncio.sleep(1)
    left, alive = [], []
    for _ in range(LEAVING):
        left.append((await ask(app, path, b"")).seconds)
        alive.append((await ask(app, "/healthz")).seconds)
    ended.set()
    await asyncio.gather(*others)
    say(f"/unsubscribe beside {HOSTILE} who ask for what is dear", left, 0.99, 250)
    say(f"/healthz beside {HOSTILE} who ask for what is dear", alive, 0.99, 100)


def say(name: str, times: Sequence[float], share: float, most: int) -> None:
    middle, high = percentile(times, 0.5), percentile(times, share)
    report.console.print(f"{name}: p50 {middle:.0f} ms, p{share * 100:.0f} {high:.0f} ms (≤ {most})")


async def small(url: str, seconds: float) -> None:
    engine = connect(url)
    migrate(engine)
    latest = library.store_listed(engine)
    async with site(engine, latest) as app:
        await pages(app, latest, seconds)
        report.heading("Waiting")
        await questions(app, "/preview over 30 days", ["/preview?topics={}"], 50)
        await subscriptions(app, engine)
        await crowd(app, engine)
    engine.dispose()


async def large(url: str, most: int, server: int = 0) -> None:
    engine = connect(url)
    migrate(engine)
    latest = library.store_listed(engine)
    library.store_more(engine, most, latest)
    async with site(engine, latest) as app:
        name = f"/search, {most:,} papers, {engine.dialect.name}"
        await questions(app, name, SEARCHES, 60 if most <= 10_000 else 200, server)
    engine.dispose()


def main() -> None:
    # The broker is nowhere, so that no limit is shared: each visit would say so.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--papers", default="10000", help="how many stored papers to search, separated by commas")
    options.add_argument("--seconds", type=float, default=1.0, help="for each page")
    options.add_argument("--postgresql", action="store_true", help="search in PostgreSQL, too")
    given = options.parse_args()
    report.machine()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(small(f"sqlite:///{Path(folder) / 'small.sqlite3'}", given.seconds))
        for most in map(int, given.papers.split(",")):
            asyncio.run(large(f"sqlite:///{Path(folder) / f'{most}.sqlite3'}", most))
            with parts.postgres() if given.postgresql else nullcontext() as postgres:
                if postgres:
                    asyncio.run(large(postgres.database("site"), most, postgres.pid))


if __name__ == "__main__":
    main()
