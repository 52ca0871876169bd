"""The work of a soak's moment: what the timetable says, done here, or sent to real workers by a real broker.

Either way a worker dies with mails in its hands when asked to.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import structlog
from redis import Redis
from sqlalchemy import Engine, func, select, text

from bench import parts
from bench.leaps import Clock, Leaping
from bench.soak_beat import Beat
from bench.soak_relay import Relay
from digest.jobs import delivery
from digest.settings import Settings
from digest.store import breakers, ledger
from digest.store.engine import connect, migrate
from digest.store.tables import OPEN, readers
from workers.celery import QUEUE, create_app

SETTINGS: dict[str, Any] = {
    "smtp_connections": 4,
    "secret_key": "soak",
    "base_url": "https://soak.example.org",
    "sources": "huggingface,arxiv",
}
# Where both sources are asked.
Urls = Mapping[str, Any]
WORKERS, PROCESSES = 2, 1
# A round is over when nothing is in the broker at so many looks in a row: a task between its queue and the list of
# those begun is in neither for a moment.
LOOKS, LOOK_SECONDS = 3, 0.01
GIVE_UP_AFTER_SECONDS = 240.0


class Rounds(Protocol):
    """Who does the work of a moment."""

    engine: Engine
    clock: Clock
    # The full hours of a deadly day at which a worker dies.
    deadly_every: int

    def begin(self) -> None: ...

    def next(self) -> datetime: ...

    def round(self, now: datetime, *, deadly: bool) -> None: ...


class Here:
    """The tasks done in this process, as soon as the timetable sends them."""

    deadly_every = 1

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.engine, self.clock = connect(settings.database_url), clock
        self._app = create_app(settings)
        self._app.conf.update(task_always_eager=True, task_eager_propagates=True)
        self._app.loader.import_default_modules()

    def __str__(self) -> str:
        return f"{self._beat.sent:,} tasks of the timetable, done in one process, on SQLite"

    def begin(self) -> None:
        self._beat = Beat(self._app, self.clock)

    def next(self) -> datetime:
        return self._beat.next()

    def round(self, now: datetime, *, deadly: bool) -> None:
        if deadly:
            # A worker takes some of those that are due, and is never heard of again.
            delivery.plan(self.engine, now)
            ledger.claim(self.engine, 3, now)
        self._beat.wake()


class Sent:
    """The tasks sent to workers of their own processes, which run by a clock that leaps."""

    # To start two workers takes seconds.
    deadly_every = 6

    def __init__(self, settings: Settings, relay: Relay, folder: Path, clock: Clock) -> None:
        self.engine, self.relay, self.folder, self.clock = connect(settings.database_url), relay, folder, clock
        self.deaths = 0
        self._app = create_app(settings)
        self._redis = Redis.from_url(settings.broker_url)
        self._prefix = settings.broker.prefix
        self._environment = {
            "DIGEST_DATABASE_URL": settings.database_url,
            "DIGEST_BROKER_URL": settings.broker_url,
            "DIGEST_SMTP_URL": relay.url,
            "DIGEST_HUGGINGFACE_URL": settings.huggingface_url,
            "DIGEST_ARXIV_URL": settings.arxiv_url,
            "BENCH_CLOCK": str(folder / "clock"),
        } | {f"DIGEST_{name.upper()}": str(value) for name, value in SETTINGS.items()}
        # Tasks that died with their worker stay in the list of those begun, for an hour.
        self._orphans = 0
        self._workers: list[subprocess.Popen[bytes]] = []

    def __str__(self) -> str:
        return (
            f"{self._beat.sent:,} tasks of the timetable sent to {WORKERS} workers, on PostgreSQL; "
            f"{self.deaths} times the workers were killed with mails in their hands"
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        try:
            self._start()
            yield
        finally:
            self._kill()
            self.engine.dispose()

    def begin(self) -> None:
        self._beat = Beat(self._app, self.clock)

    def next(self) -> datetime:
        return self._beat.next()

    def round(self, now: datetime, *, deadly: bool) -> None:
        self.relay.holds = deadly
        self._beat.wake()
        if deadly:
            self._cut_the_power(now)
        self._wait_for_the_end(now)

    def _start(self) -> None:
        options = ("--concurrency", str(PROCESSES), "--without-gossip", "--without-mingle", "--loglevel", "error")
        self._workers = [
            parts.celery(
                self._environment, self.folder / "workers.log", "bench.leaps", "worker", *options, "-n", f"w{n}"
            )
            for n in range(WORKERS)
        ]

    def _kill(self) -> None:
        for worker in self._workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def _cut_the_power(self, now: datetime) -> None:
        """Kill all workers once one of them has mails in its hands; the relay has taken none of these."""
        end = time.monotonic() + GIVE_UP_AFTER_SECONDS
        while not self.relay.waiting and not self._is_over(now) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
            self._beat.wake()
        self._kill()
        self.deaths += bool(self.relay.waiting)
        self._orphans = self._begun()
        self.relay.let_go()
        self._start()

    def _wait_for_the_end(self, now: datetime) -> None:
        began, calm = time.monotonic(), 0
        while calm < LOOKS:
            time.sleep(LOOK_SECONDS)
            # A task whose worker was killed is made good by the next of its kind.
            self._beat.wake()
            calm = calm + 1 if self._is_over(now) else 0
            if time.monotonic() - began > GIVE_UP_AFTER_SECONDS:
                log = (self.folder / "workers.log").read_text()[-3_000:]
                raise TimeoutError(f"the round of {now} has no end: {log}")

    def _queued(self) -> int:
        return int(self._redis.llen(f"{self._prefix}:{QUEUE}"))

    def _begun(self) -> int:
        return int(self._redis.hlen(f"{self._prefix}:unacked"))

    def _is_over(self, now: datetime) -> bool:
        if self._queued() or self._begun() > self._orphans:
            return False
        return not is_anything_due(self.engine, now, ready=not self._rests(now))

    def _rests(self, now: datetime) -> bool:
        return self.relay.refuses or any(each.until > now for each in breakers.known(self.engine).values())


def is_anything_due(engine: Engine, now: datetime, *, ready: bool = True) -> bool:
    """Whether somebody is to be planned, or, where that counts, a mail can go now."""
    with engine.connect() as connection:
        first = connection.execute(select(func.min(readers.c.next_due_at))).scalar()
        waits = (
            ready
            and connection.execute(
                text(f"SELECT count(*) FROM deliveries WHERE {OPEN} AND next_attempt_at <= :now"), {"now": now}
            ).scalar()
        )
    return bool(waits) or (first is not None and first <= now)


def hush() -> None:
    logging.getLogger().setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@contextmanager
def here(clock: Clock, urls: Urls) -> Iterator[tuple[Here, Relay]]:
    with tempfile.TemporaryDirectory() as folder, Relay() as relay:
        url = f"sqlite:///{Path(folder)}/soak.sqlite3"
        engine = connect(url)
        migrate(engine)
        engine.dispose()
        # They read the clock's file, as the workers of their own processes do.
        rounds = Here(Leaping(database_url=url, smtp_url=relay.url, **SETTINGS, **urls), clock)
        yield rounds, relay
        rounds.engine.dispose()


@contextmanager
def sent(folder: Path, clock: Clock, urls: Urls) -> Iterator[tuple[Sent, Relay]]:
    with ExitStack() as stack:
        postgres, broker = stack.enter_context(parts.postgres()), stack.enter_context(parts.broker())
        relay = stack.enter_context(Relay())
        database = postgres.database("soak")
        settings = Settings(database_url=database, broker_url=broker, smtp_url=relay.url, **SETTINGS, **urls)
        rounds = Sent(settings, relay, folder, clock)
        stack.enter_context(rounds.running())
        yield rounds, relay
