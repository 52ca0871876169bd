"""A million digests for real: planned, matched, written, signed, sent to a relay of another process, accounted for.

`python -m bench.million` takes a million readers with five topics each, on PostgreSQL, after two smaller crowds that
say whether it grows in line; `bench.million 10000` fewer. With `--days 100` the ledger of that day is then filled with
as many days before it, and what is asked of it is asked again: nothing should take twice as long.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from celery import Celery
from sqlalchemy import Engine, select, text

from bench import ledger_growth, parts, profiles, readers, report
from bench.delivery import CONNECTIONS, UNENDED, Bench, ours
from digest import bootstrap
from digest.domain import State
from digest.jobs.delivery.dispatcher import Dispatcher
from digest.jobs.editions import Editions
from digest.settings import Settings
from digest.settings.fields import PREFIX
from digest.store import accounts, ledger
from digest.store.engine import connect, reading
from digest.store.tables import deliveries as rows
from digest.topics import parse

MILLION = 1_000_000
# What comes before it, to see whether it grows in line.
SMALLER = (10_000, 100_000)
SECONDS_FOR_ALL = 4 * 3_600.0
# As often as the timetable wakes the workers.
A_TICK = 60.0
# How many lines the table of a run has.
LINES = 10
SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Glance:
    """What is seen of a run at one moment; memory and size in MB."""

    seconds: float
    sent: int
    worker: float
    beside: float
    sink: float
    stored: float


@dataclass(frozen=True, slots=True)
class Processes:
    """Whom to look at while it runs."""

    workers: int
    postgres: int
    sink: int

    def spent(self) -> tuple[float, float, float]:
        return parts.spent(self.workers), parts.spent(self.postgres), parts.spent(self.sink)


def fill(bench: Bench, url: str, count: int) -> Engine:
    """So many readers with five topics each, drawn as often as papers are about them; all are due now."""
    engine = connect(url)
    readers.collect(engine, bench.papers, readers.now())
    topics = profiles.drawn((listing.paper for listing in bench.papers), count)
    readers.subscribe(engine, count, bench.words, readers.now(), topics=topics)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return engine


def run(bench: Bench, url: str, count: int) -> float:
    """Send to so many readers; print what it took, and return the processor milliseconds of a mail."""
    engine = fill(bench, url, count)
    with parts.sink() as (relay, sink):
        environment = bench.environment(url, relay, CONNECTIONS)
        with bench.workers(environment, "workers") as parent:
            who = Processes(parent, bench.postgres.pid, sink.pid)
            before, started, app = who.spent(), time.monotonic(), ours(environment)
            glances, planned = watch(engine, app, who, started)
            seconds = time.monotonic() - started
            spent = [(late - early) / count * 1000 for late, early in zip(who.spent(), before, strict=True)]
        report.heading(f"{count:,} readers")
        [account] = accounts.since(engine, readers.now())
        report.console.print(f"{seconds:.1f} s, {count / seconds:,.0f} a second; {account}")
        report.console.print(f"planned after {planned:.1f} s")
        report.console.print("processor ms a mail: {:.3f} workers, {:.3f} PostgreSQL, {:.3f} sink".format(*spent))
        shares(engine, environment)
        table(glances)
    engine.dispose()
    return spent[0] + spent[1]


def watch(engine: Engine, app: Celery, who: Processes, started: float) -> tuple[list[Glance], float]:
    """Wake the workers as the timetable does, and look at them until nothing is left to do."""
    glances: list[Glance] = []
    planned = ticked = 0.0

    def over() -> bool:
        nonlocal planned, ticked
        seconds = time.monotonic() - started
        if not ticked or seconds - ticked > A_TICK:
            app.send_task("workers.tasks.plan")
            ticked = seconds or A_TICK
        with reading(engine) as connection:
            moment = {"due": readers.now()}
            left, due = (connection.execute(text(question), moment).first() for question in UNENDED)
        planned = planned or (0.0 if due else seconds)
        if not glances or seconds > glances[-1].seconds * 1.2 + 1:
            glances.append(glance(engine, who, seconds))
        return bool(planned) and not left

    parts.wait_until(over, SECONDS_FOR_ALL, "the run", glance=0.25)
    return [*glances, glance(engine, who, time.monotonic() - started)], planned


def glance(engine: Engine, who: Processes, seconds: float) -> Glance:
    # The account would read the whole ledger; how many rows were ever updated to an end, the statistics know.
    question = "SELECT pg_database_size(current_database()), count(*) FROM deliveries WHERE state = 'sent'"
    with engine.connect() as connection:
        size, sent = connection.execute(text(question)).one()
    worker = max(map(parts.memory, parts.children(who.workers)), default=0)
    postgres = max(map(parts.memory, parts.children(who.postgres)), default=0)
    return Glance(seconds, sent, worker, postgres, parts.memory(who.sink), size / 1e6)


def table(glances: list[Glance]) -> None:
    """Show some of the moments, the last one among them."""
    step = -(-len(glances) // LINES)
    some = [*glances[:-1:step], glances[-1]]
    columns = ("after s", "sent", "a worker MB", "a backend of PostgreSQL MB", "the sink MB", "the database MB")
    lines = [
        (f"{g.seconds:.0f}", f"{g.sent:,}", *(f"{each:.0f}" for each in (g.worker, g.beside, g.sink, g.stored)))
        for g in some
    ]
    report.table(columns, lines)


def shares(engine: Engine, environment: dict[str, str]) -> None:
    """Say what matching, writing and signing take of a mail, by doing it again here for some of those sent."""
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    unsigned = {name: value for name, value in given.items() if not name.startswith("dkim")}
    with engine.connect() as connection:
        ids = connection.execute(select(rows.c.id).where(rows.c.state == State.SENT).limit(SAMPLE)).scalars().all()
    found = [one for number in ids if (one := ledger.find(engine, number))]
    editions = Editions(engine).gather(found)

    def match() -> None:
        for one in found:
            wanted = one.preferences
            editions[one.id].matcher.select(parse(wanted.topics), limit=wanted.most_papers, order=wanted.order)

    def write(post: Dispatcher) -> Callable[[], None]:
        def all_of_them() -> None:
            for one in found:
                edition, wanted = editions[one.id], one.preferences
                chosen = edition.matcher.select(parse(wanted.topics), limit=wanted.most_papers, order=wanted.order)
                post.composer.digest(one, chosen, listed=len(edition.papers), days=edition.days, first=edition.first)

        return all_of_them

    works = (match, write(bootstrap.post(Settings(**unsigned))), write(bootstrap.post(Settings(**given))))  # type: ignore[arg-type]
    first, written, signed = (_milliseconds(work, len(found)) for work in works)
    report.console.print(
        f"of them, memories full: {first:.3f} match, {written - first:.3f} write, {signed - written:.3f} sign"
    )


def _milliseconds(work: Callable[[], None], count: int) -> float:
    """The processor time of the second time."""
    work()
    before = time.process_time()
    work()
    return (time.process_time() - before) / max(count, 1) * 1000


def sizes(count: int) -> Iterator[int]:
    yield from (each for each in SMALLER if each * 5 <= count)
    yield count


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.million", description=__doc__)
    parser.add_argument("readers", type=int, nargs="?", default=MILLION)
    parser.add_argument("--days", type=int, default=0, metavar="N", help="then with N days before it")
    parser.add_argument("--only", action="store_true", help="no smaller crowds before it")
    wanted = parser.parse_args()
    report.machine()
    with parts.postgres() as postgres, parts.broker() as broker, tempfile.TemporaryDirectory() as folder:
        bench = Bench(postgres, broker, Path(folder))
        efforts = {}
        for count in [wanted.readers] if wanted.only else sizes(wanted.readers):
            url = postgres.database(f"crowd{count}")
            efforts[count] = run(bench, url, count)
        report.heading("In line?")
        report.table(("readers", "processor ms a mail"), [(f"{n:,}", f"{each:.3f}") for n, each in efforts.items()])
        if wanted.days:
            ledger_growth.compare(connect(url), bench, wanted.days)


if __name__ == "__main__":
    main()
