"""How fast a day's digests go out, beside what else one could do with the same machine.

`python -m bench.delivery` measures everything at 50,000 readers; `--readers 3000` does it in a minute. `--plan N`,
`--sqlite N` and `--grow N [N…]` measure one thing only.
"""

from __future__ import annotations

import argparse
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from celery import Celery
from sqlalchemy import Engine, func, select, text

from bench import captures, parts, peers, readers
from bench.outcome import Outcome
from digest import bootstrap
from digest.compose.dkim import new_key, pem
from digest.domain import Mail, Result, State
from digest.jobs import delivery
from digest.jobs.delivery import draft
from digest.jobs.delivery.freeze import Going
from digest.jobs.delivery.round import Round
from digest.jobs.editions import Editions
from digest.settings import Settings
from digest.settings.fields import PREFIX
from digest.store import accounts, ledger
from digest.store.engine import connect, migrate, reading
from digest.store.tables import OPEN
from digest.store.tables import deliveries as rows
from workers.celery import create_app

# Of the captured days; without them it is the sample's.
DAY = date(2025, 11, 19)
PROCESSES = 2
CONNECTIONS = 16
SLOW_CONNECTIONS = 96
SAMPLE = 2_000
PLAIN = 400
SECONDS_FOR_ALL = 3_600.0
# Of the looks at a run, how seldom it is asked what a process shares.
A_FEW = 20


class Bench:
    """A place to measure in: databases, a broker, a folder, and a key to sign with."""

    def __init__(self, postgres: parts.Postgres, broker: str, folder: Path) -> None:
        self.postgres, self.broker, self.folder = postgres, broker, folder
        days = captures.listed()
        self.words, self.papers = readers.vocabulary(days), days.get(DAY) or days[captures.SAMPLE_DAY]
        self.key = folder / "dkim.pem"
        self.key.write_bytes(pem(new_key()))

    def fill(self, url: str, count: int) -> Engine:
        engine = connect(url)
        readers.collect(engine, self.papers, readers.now())
        readers.subscribe(engine, count, self.words, readers.now())
        if engine.dialect.name == "postgresql":
            with engine.begin() as connection:
                connection.execute(text("ANALYZE"))
        return engine

    def environment(self, url: str, relay: str, connections: int) -> dict[str, str]:
        """The settings of the service, which signs."""
        given = {
            "database_url": url,
            "broker_url": self.broker,
            "smtp_url": relay,
            "smtp_connections": str(connections),
            "base_url": "https://digest.example.org",
            "mail_from": "Paper Digest <digest@example.org>",
            "dkim_selector": "bench",
            "dkim_private_key": str(self.key),
        }
        return {f"DIGEST_{name.upper()}": value for name, value in given.items()}

    @contextmanager
    def workers(self, environment: Mapping[str, str], app: str, *more: str) -> Iterator[int]:
        """Two worker processes that are ready for work, and their parent's number."""
        options = ("worker", "--concurrency", str(PROCESSES), "--loglevel", "warning", *more)
        process = parts.celery(environment, self.folder / "workers.log", app, *options)
        control = (ours(environment) if app == "workers" else Celery(broker=self.broker)).control
        try:
            parts.wait_until(lambda: bool(control.ping(timeout=0.5)), 60, "workers")
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ours(environment: Mapping[str, str]) -> Celery:
    """The service's own app, which knows the queue and what its keys begin with."""
    given: dict[str, Any] = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    return create_app(Settings(**given))


def service(bench: Bench, engine: Engine, environment: Mapping[str, str]) -> Outcome:
    """Plan and deliver what is due with the real workers: from the beat's word to the last outcome in the ledger."""
    with bench.workers(environment, "workers") as parent:
        started, before = time.monotonic(), (parts.spent(parent), parts.spent(bench.postgres.pid))
        due = readers.now()
        ours(environment).send_task("workers.tasks.plan")
        occupied: list[float] = []
        shares: list[float] = [0.0]

        def over() -> bool:
            occupied.append(max(map(parts.memory, parts.children(parent)), default=0))
            # That takes the system longer to say.
            if len(occupied) % A_FEW == 0:
                shares.append(max(map(parts.share, parts.children(parent)), default=0))
            return is_over(engine, due)

        parts.wait_until(over, SECONDS_FOR_ALL, "the run")
        seconds = time.monotonic() - started
        worked, stored = parts.spent(parent) - before[0], parts.spent(bench.postgres.pid) - before[1]
    [run] = accounts.since(engine, readers.now())
    early, late = occupied[len(occupied) // 5], max(occupied[len(occupied) // 2 :])
    return Outcome(seconds, run.states, early, late, max(shares), worked, stored)


# Whoever asks pays for it out of what PostgreSQL is said to have spent: these look into an index each.
UNENDED = (
    f"SELECT id FROM deliveries WHERE {OPEN} LIMIT 1",
    "SELECT id FROM readers WHERE status = 'active' AND next_due_at <= :due LIMIT 1",
)


def is_over(engine: Engine, due: datetime) -> bool:
    """Whether something was planned, and nothing of it waits, and nobody is due who was then: an hour may begin."""
    with reading(engine) as connection:
        if any(connection.execute(text(question), {"due": due}).first() for question in UNENDED):
            return False
        return connection.execute(select(rows.c.id).limit(1)).first() is not None


def sample(engine: Engine, environment: Mapping[str, str]) -> list[Mail]:
    """Some of the mails just sent, byte for byte."""
    given = {name.removeprefix("DIGEST_").lower(): value for name, value in environment.items() if "DIGEST_" in name}
    post = bootstrap.post(Settings(**given))  # type: ignore[arg-type]
    with engine.connect() as connection:
        ids = connection.execute(select(rows.c.id).where(rows.c.state == State.SENT).limit(SAMPLE)).scalars().all()
    found = [one for number in ids if (one := ledger.find(engine, number))]
    drafts = draft.draft_all(found, Editions(engine).gather(found), post)
    return [draft.mail for draft in drafts if draft.mail]


def everything(bench: Bench, count: int) -> None:
    url = bench.postgres.database("service")
    engine = bench.fill(url, count)
    with parts.sink() as (relay, _):
        environment = bench.environment(url, relay, CONNECTIONS)
        whole = service(bench, engine, environment)
        say("the whole service", str(whole))
        mails = sample(engine, environment)
        stored = bench.folder / "sample"
        stored.write_bytes(pickle.dumps(mails))
        say("a mail", f"{sum(len(mail.content) for mail in mails) / len(mails) / 1000:.1f} kB")
        rate, effort = peers.bare(stored, relay, whole.sent, CONNECTIONS, PROCESSES)
        compare("bare aiosmtplib, finished bytes, no database", rate, whole.rate)
        say("processor time a mail", f"{whole.effort}; {effort:.2f} ms in bare aiosmtplib")
        compare("the plain way, a task a reader", plain(bench, engine, environment), whole.rate)
        source(relay, whole.sent, mails, whole.rate)
    slow(bench, min(count, 20_000))


def slow(bench: Bench, count: int) -> None:
    url = bench.postgres.database("slow")
    engine = bench.fill(url, count)
    with parts.sink("--delay-ms", "20") as (relay, _):
        outcome = service(bench, engine, bench.environment(url, relay, SLOW_CONNECTIONS))
    say("20 ms before each reply", f"{outcome} on {SLOW_CONNECTIONS} connections")


def plain(bench: Bench, engine: Engine, environment: Mapping[str, str]) -> float:
    """Mails a second of the plain way, with as many processes."""
    with engine.connect() as connection:
        ids = connection.execute(select(rows.c.id).where(rows.c.state == State.SENT).limit(PLAIN)).scalars().all()
    with parts.sink("--log", str(bench.folder / "plain.log")) as (relay, _):
        own = {**environment, "DIGEST_SMTP_URL": relay}
        arrived = bench.folder / "plain.log"
        with bench.workers(own, "bench.peers:plain", "--queues", "plain"):
            app = Celery(broker=bench.broker)
            started = time.monotonic()
            for number in ids:
                app.send_task("bench.peers.send_one", args=[number], queue="plain")
            parts.wait_until(lambda: arrived.read_text().count("accepted") >= len(ids), 300, "the plain way")
            return len(ids) / (time.monotonic() - started)


def source(relay: str, count: int, mails: Sequence[Mail], ours: float) -> None:
    """Postfix's own load generator, where it is installed."""
    command = shutil.which("smtp-source", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if not command:
        say("smtp-source", "is not installed here (Debian: postfix)")
        return
    size = sum(len(mail.content) for mail in mails) // len(mails)
    address = relay.removeprefix("smtp://")
    options = ["-s", str(CONNECTIONS), "-l", str(size), "-m", str(count), "-d", "-f", "a@example.org", "-t"]
    started = time.monotonic()
    subprocess.run([command, *options, "b@example.org", address], check=True)
    compare("smtp-source, mails of that size", count / (time.monotonic() - started), ours)


def plan(bench: Bench, count: int) -> None:
    engine = bench.fill(bench.postgres.database("plan"), count)
    started = time.monotonic()
    planned = delivery.plan(engine, readers.now())
    say("planning", f"{planned:,} readers in {time.monotonic() - started:.1f} s, in ranges")
    tomorrow = readers.now() + timedelta(days=1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE deliveries SET state = 'sent'"))
        connection.execute(text("UPDATE readers SET next_due_at = :at"), {"at": tomorrow})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    started = time.monotonic()
    planned = delivery.plan(engine, tomorrow)
    say("planning the day after", f"{planned:,} readers in {time.monotonic() - started:.1f} s")


def sqlite(bench: Bench, count: int) -> None:
    """One worker process on SQLite, as on a laptop; any lock error is in its log."""
    url = f"sqlite:///{bench.folder / 'digest.sqlite3'}"
    migrate(connect(url))
    engine = bench.fill(url, count)
    with parts.sink() as (relay, _):
        started = time.monotonic()
        environment = bench.environment(url, relay, CONNECTIONS)
        with bench.workers(environment, "workers", "--concurrency", "1"):
            ours(environment).send_task("workers.tasks.plan")
            parts.wait_until(lambda: _is_over(engine, count), SECONDS_FOR_ALL, "the run on SQLite")
    said = (bench.folder / "workers.log").read_text()
    errors = said.count("locked") + said.count("Error")
    [run] = accounts.since(engine, readers.now())
    say("SQLite, one worker", f"{run} in {time.monotonic() - started:.1f} s; {errors} errors in the log")


def _is_over(engine: Engine, count: int) -> bool:
    with engine.connect() as connection:
        final = select(func.count()).where(rows.c.state.in_((State.SENT, State.SKIPPED, State.FAILED)))
        return bool(connection.execute(final).scalar() == count)


def grow(bench: Bench, counts: Sequence[int]) -> None:
    """Everything but SMTP, in this process, for more and more readers: a mail is sent as soon as it is written."""
    for count in counts:
        engine = bench.fill(bench.postgres.database(f"grow{count}"), count)
        environment = bench.environment("", "smtp://localhost", 1)
        given = {name.removeprefix("DIGEST_").lower(): value for name, value in environment.items()}
        post = bootstrap.post(Settings(mail_from=given["mail_from"], base_url=given["base_url"]))
        started = time.monotonic()
        delivery.plan(engine, readers.now())
        planned = time.monotonic() - started
        round_ = Round(engine, post)
        while group := ledger.claim(engine, delivery.GROUP, readers.now() + timedelta(minutes=1)):
            drafts = list(draft.draft_all(group, round_.editions.gather(group), post))
            going = Going(engine, readers.now, drafts, readers.now())
            gone = going.begin([each.mail for each in drafts if each.mail])
            round_.settle(group, [Result(number, State.SENT, "250 simulated") for number in gone])
        seconds = time.monotonic() - started
        say(
            f"{count:,} readers, sends simulated",
            f"{seconds:.1f} s, {planned:.1f} of them to plan: {count / seconds:,.0f} a second in one process, "
            f"{parts.memory(os.getpid()):.0f} MB",
        )


def say(what: str, how: str) -> None:
    sys.stdout.write(f"{what}: {how}\n")
    sys.stdout.flush()


def compare(what: str, rate: float, ours: float) -> None:
    say(what, f"{rate:,.0f} mails/s; the service does {ours / rate:.2f} times that")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.delivery", description=__doc__)
    parser.add_argument("--readers", type=int, default=50_000)
    parser.add_argument("--plan", type=int, metavar="N", help="only plan N readers")
    parser.add_argument("--slow", type=int, metavar="N", help="only N readers, and a relay 20 ms away")
    parser.add_argument("--sqlite", type=int, metavar="N", help="only N readers on SQLite, with one worker")
    parser.add_argument("--grow", type=int, nargs="+", metavar="N", help="only N readers each, sends simulated")
    wanted = parser.parse_args()
    with parts.postgres() as postgres, parts.broker() as broker, tempfile.TemporaryDirectory() as folder:
        bench = Bench(postgres, broker, Path(folder))
        for step, size in ((plan, wanted.plan), (slow, wanted.slow), (sqlite, wanted.sqlite), (grow, wanted.grow)):
            if size:
                step(bench, size)
        if not (wanted.plan or wanted.slow or wanted.sqlite or wanted.grow):
            everything(bench, wanted.readers)


if __name__ == "__main__":
    main()
