"""The jobs of a soak's quarter of an hour: called here one after the other, or sent to real workers by a real broker.

Both send sweep, plan (twice) and deliver, and at night what counts days and lets go of what is old. In both a worker
dies with mails in its hands when asked to.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog
from redis import Redis
from sqlalchemy import Engine, func, select, text

from bench import parts
from bench.leaps import Clock
from bench.soak_relay import Relay
from digest import bootstrap
from digest.jobs import delivery, retention
from digest.settings import Settings
from digest.store import breakers, day_counts, ledger
from digest.store.engine import connect, migrate
from digest.store.tables import OPEN, readers
from digest.transport.smtp import RelayAway
from workers.celery import QUEUE, create_app

SETTINGS: dict[str, Any] = {"smtp_connections": 4, "secret_key": "soak", "base_url": "https://soak.example.org"}
TERMS = retention.Terms(*[timedelta(days=400)] * 3)
WORKERS, PROCESSES = 2, 1
# A round is over when nothing is in the broker at so many looks in a row: a task between its queue and the list of
# those begun is in neither for a moment.
LOOKS, LOOK_SECONDS = 3, 0.01
# As the timetable does, more often: a `deliver` whose worker was killed is made good by the next one.
AGAIN_AFTER_SECONDS = 2.0
GIVE_UP_AFTER_SECONDS = 240.0


class Rounds(Protocol):
    """Who does the work of a quarter of an hour."""

    engine: Engine
    # The full hours of a deadly day at which a worker dies.
    deadly_every: int

    def round(self, now: datetime, *, deadly: bool) -> None: ...

    def tidy(self, now: datetime) -> None: ...


class Here:
    """The jobs called in this process, one after the other."""

    deadly_every = 1

    def __init__(self, engine: Engine, relay: Relay) -> None:
        self.engine, self.now = engine, datetime.now(UTC)
        self._post = replace(bootstrap.post(Settings(smtp_url=relay.url, **SETTINGS)), clock=lambda: self.now)

    def __str__(self) -> str:
        return "the jobs called in one process, on SQLite"

    def round(self, now: datetime, *, deadly: bool) -> None:
        self.now = now
        delivery.sweep(self.engine, now)
        delivery.plan(self.engine, now)
        delivery.plan(self.engine, now)
        if deadly:
            # A worker takes some, and is never heard of again.
            ledger.claim(self.engine, 3, now)
        with suppress(RelayAway):
            delivery.deliver(self.engine, self._post)

    def tidy(self, now: datetime) -> None:
        day_counts.fold(self.engine, now)
        retention.keep(self.engine, TERMS, lambda: now)


class Sent:
    """The tasks of the timetable, sent to workers of their own processes, which run by a clock that leaps."""

    # To start two workers takes seconds.
    deadly_every = 6

    def __init__(self, settings: Settings, relay: Relay, folder: Path) -> None:
        self.engine, self.relay, self.folder = connect(settings.database_url), relay, folder
        self.clock = Clock(folder / "clock")
        self.deaths = self.tasks = 0
        self._app = create_app(settings)
        self._redis = Redis.from_url(settings.broker_url)
        self._prefix = settings.broker.prefix
        self._environment = {
            "DIGEST_DATABASE_URL": settings.database_url,
            "DIGEST_BROKER_URL": settings.broker_url,
            "DIGEST_SMTP_URL": relay.url,
            "BENCH_CLOCK": str(folder / "clock"),
        } | {f"DIGEST_{name.upper()}": str(value) for name, value in SETTINGS.items()}
        # Tasks that died with their worker stay in the list of those begun, for an hour.
        self._orphans = 0
        self._workers: list[subprocess.Popen[bytes]] = []

    def __str__(self) -> str:
        return (
            f"{self.tasks:,} tasks sent to {WORKERS} workers, on PostgreSQL; "
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

    def round(self, now: datetime, *, deadly: bool) -> None:
        self.clock.leap(now)
        self.relay.holds = deadly
        for task in ("sweep", "plan", "plan", "deliver"):
            self._send(task)
        if deadly:
            self._cut_the_power(now)
        self._wait_for_the_end(now)

    def tidy(self, now: datetime) -> None:
        self.clock.leap(now)
        self._send("forget")
        self._wait_for_the_end(now)

    def _send(self, task: str) -> None:
        self._app.send_task(f"workers.tasks.{task}")
        self.tasks += 1

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
        self._kill()
        self.deaths += bool(self.relay.waiting)
        self._orphans = self._begun()
        self.relay.let_go()
        self._start()

    def _wait_for_the_end(self, now: datetime) -> None:
        began = asked = time.monotonic()
        calm = 0
        while calm < LOOKS:
            time.sleep(LOOK_SECONDS)
            calm = calm + 1 if self._is_over(now) else 0
            if time.monotonic() - began > GIVE_UP_AFTER_SECONDS:
                log = (self.folder / "workers.log").read_text()[-3_000:]
                raise TimeoutError(f"the round of {now} has no end: {log}")
            if time.monotonic() - asked > AGAIN_AFTER_SECONDS and not self._queued():
                asked = time.monotonic()
                self._send("deliver")

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
def here() -> Iterator[tuple[Here, Relay]]:
    with tempfile.TemporaryDirectory() as folder, Relay() as relay:
        engine = connect(f"sqlite:///{Path(folder)}/soak.sqlite3")
        migrate(engine)
        yield Here(engine, relay), relay
        engine.dispose()


@contextmanager
def sent(start: datetime) -> Iterator[tuple[Sent, Relay]]:
    with ExitStack() as stack:
        postgres, broker = stack.enter_context(parts.postgres()), stack.enter_context(parts.broker())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        relay = stack.enter_context(Relay())
        settings = Settings(database_url=postgres.database("soak"), broker_url=broker, smtp_url=relay.url, **SETTINGS)
        rounds = Sent(settings, relay, folder)
        rounds.clock.start(start)
        stack.enter_context(rounds.running())
        yield rounds, relay
