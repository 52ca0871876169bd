"""Deliveries while everything fails: is anybody lost, who gets what twice, does the account add up, does it end?

`python -m bench.chaos` kills a worker 20 times during 20,000 deliveries; `--deliveries 1500 --kills 4` takes a minute.
Beside that the broker is emptied, PostgreSQL restarted, the clock runs twice, and the relay refuses, stalls, hangs up,
drops connections mid-mail, answers 4yz to a tenth and 5yz to a hundredth. Exit 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from redis import Redis
from sqlalchemy import Engine, and_, func, select, text

from bench import captures, parts, readers
from bench.leaps import Clock
from digest.domain import State
from digest.jobs.delivery import settle
from digest.store import accounts, breakers
from digest.store.engine import connect
from digest.store.outcomes import NEVER
from digest.store.tables import OPEN
from digest.store.tables import deliveries as ledger
from digest.store.tables import readers as reader_rows

WORKERS, PROCESSES = 2, 2
CONNECTIONS = 8
# Longer than the patience after a dot: whoever is at work shows it within this.
QUIET_SECONDS = 2.5
# Attempts are spread over time, and one at a time would take all day.
SHORTEST_LEAP = timedelta(hours=2)
REFUSING_SECONDS = 3.0
# A Tuesday, whatever day it is: the next digests of weekly readers are six days away, and all is over by then.
START = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
GIVES_UP_AFTER = settle.GIVE_UP_AFTER + timedelta(days=1)
# What may still go. An uncertain one that does not go again has its end.
OPEN_STILL = and_(text(OPEN), ledger.c.next_attempt_at < NEVER)
FAULTS = {"defer": 0.1, "refuse": 0.01, "drop": 0.001, "hang-up": 0.002, "stall": 0.001}


class Log:
    """What the relay accepted, mail by mail, as it wrote it down."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> tuple[Counter[int], Counter[int], dict[int, set[str]], int]:
        """How often each delivery was accepted, and how often without an answer; its different bytes; connections."""
        accepted, unanswered, bytes_of, most_open = Counter[int](), Counter[int](), defaultdict[int, set[str]](set), 0
        for line in self._file.read_text().splitlines():
            event, *words = line.split()
            if event == "most-open":
                most_open = max(most_open, int(words[0]))
                continue
            delivery = int(words[0].split(".")[1])
            accepted[delivery] += 1
            unanswered[delivery] += event == "unanswered"
            bytes_of[delivery].add(words[1])
        return accepted, unanswered, bytes_of, most_open

    def size(self) -> int:
        return self._file.stat().st_size


class Chaos:
    """A service with everything it runs on, and what happens to it."""

    def __init__(self, engine: Engine, folder: Path, environment: dict[str, str], seed: int) -> None:
        self.engine, self.folder, self.environment = engine, folder, environment
        self.random = random.Random(seed)
        self.clock = Clock(folder / "clock")
        self.log = Log(folder / "relay.log")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.beats: list[subprocess.Popen[bytes]] = []
        # Accepted by the relay and not yet written down when a worker was killed.
        self.in_flight = Counter[int]()
        self.kills = 0
        self._seen: object = None
        self._quiet_since = time.monotonic()

    @contextmanager
    def running(self) -> Iterator[None]:
        try:
            self.workers = [self._worker() for _ in range(WORKERS)]
            self.beats = [self._start("beat", "--schedule", "/dev/null") for _ in range(2)]
            yield
        finally:
            for process in (*self.workers, *self.beats):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _worker(self) -> subprocess.Popen[bytes]:
        return self._start("worker", "--concurrency", str(PROCESSES), "--without-gossip", "--without-mingle")

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return parts.celery(self.environment, self.folder / "service.log", "bench.leaps", *arguments)

    def kill(self) -> None:
        """End a process of a random worker, or the worker with all its processes, as if the power had gone."""
        place = self.random.randrange(WORKERS)
        worker = self.workers[place]
        processes = parts.children(worker.pid)
        whole = not processes or self.random.random() < 1 / 3
        if whole:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        else:
            os.kill(self.random.choice(processes), signal.SIGKILL)
        self.in_flight.update(self._unwritten())
        self.kills += 1
        say(f"  {self.kills:2}. kill -9 of {'a worker' if whole else 'a process'}: {self._progress()}")
        if whole:
            self.workers[place] = self._worker()

    def _unwritten(self) -> set[int]:
        """What the relay has and the ledger does not know of."""
        with self.engine.connect() as connection:
            sending = set(connection.execute(select(ledger.c.id).where(ledger.c.state == State.SENDING)).scalars())
        accepted, *_ = self.log.read()
        return sending & set(accepted)

    def _progress(self) -> str:
        with self.engine.connect() as connection:
            states = connection.execute(select(ledger.c.state, func.count()).group_by(ledger.c.state)).all()
        return ", ".join(f"{count:,} {state}" for state, count in sorted(states)) or "nothing planned yet"

    def has_come_to(self, mails: int) -> bool:
        """Whether so many mails were sent, or all is over."""
        return self.is_over() or len(self.log.read()[0]) >= mails

    def is_over(self) -> bool:
        """Whether everybody was planned and every delivery has its end; lets time pass while all wait."""
        now = self.clock()
        with self.engine.connect() as connection:
            due = connection.execute(select(func.count()).where(reader_rows.c.next_due_at <= now)).scalar()
            left = connection.execute(select(func.count()).where(OPEN_STILL)).scalar()
        state = (due, left, self.log.size(), self._progress())
        if state != self._seen:
            self._seen, self._quiet_since = state, time.monotonic()
        elif time.monotonic() - self._quiet_since > QUIET_SECONDS and (moment := self._awaited(now)):
            self.clock.leap(max(moment, now + SHORTEST_LEAP))
            self._quiet_since = time.monotonic()
        return not due and not left

    def _awaited(self, now: datetime) -> datetime | None:
        """The moment that all wait for; None while something could be done, if only there were a worker yet."""
        rests = [breaker.until for breaker in breakers.known(self.engine).values() if breaker.until > now]
        at = ledger.c.next_attempt_at
        with self.engine.connect() as connection:
            following = connection.execute(select(func.min(at)).where(OPEN_STILL, at > now)).scalar()
            ready = connection.execute(select(func.count()).where(OPEN_STILL, at <= now)).scalar()
        return min(rests, default=None) if ready else min([*rests, *([following] if following else [])], default=None)


def promises(chaos: Chaos, count: int) -> Iterator[tuple[bool, str]]:
    """What is promised, and whether it was kept."""
    accepted, unanswered, bytes_of, most_open = chaos.log.read()
    with chaos.engine.connect() as connection:
        rows = connection.execute(select(ledger.c.id, ledger.c.reader_id, ledger.c.state)).all()
        people = connection.execute(select(func.count()).select_from(reader_rows)).scalar()
        left = connection.execute(select(func.count()).where(OPEN_STILL)).scalar()
    of_state = {state: {row.id for row in rows if row.state == state} for state in State}
    sent, open_to_doubt = of_state[State.SENT], of_state[State.UNCERTAIN]
    again = {delivery: times - 1 for delivery, times in accepted.items() if times > 1}
    excused = {delivery: unanswered[delivery] + chaos.in_flight[delivery] for delivery in again}
    [run] = accounts.since(chaos.engine, START)
    repeats, late = sum(again.values()), sum(min(again[each], unanswered[each]) for each in again)
    yield len({row.reader_id for row in rows}) == len(rows) == people == count, f"{len(rows):,} readers, planned once"
    yield sent <= set(accepted), f"{len(sent):,} sent, and the relay has every one of them"
    yield not left, f"{left} without an end"
    yield len(open_to_doubt) <= count // 50, f"{len(open_to_doubt)} stay uncertain: two attempts of each had no answer"
    otherwise = len(set(accepted) - sent - open_to_doubt)
    yield not otherwise, f"{otherwise} that the relay has and the ledger calls otherwise"
    yield (
        all(again[each] <= excused[each] for each in again),
        (
            f"{repeats} of {sum(accepted.values()):,} mails came twice: {repeats - late} were in flight at a kill "
            f"(of {sum(chaos.in_flight.values())}), {late} had no answer"
        ),
    )
    yield max(accepted.values()) <= 2, f"{max(accepted.values())} copies at most"
    yield all(len(each) == 1 for each in bytes_of.values()), "the same bytes each time"
    yield run.planned == sum(run.states.values()) == count, str(run)
    yield most_open <= CONNECTIONS * 2, f"{most_open} connections at most, of {CONNECTIONS} allowed"


def torment(count: int, kills: int, restarts: int, seed: int, seconds: float) -> bool:
    """Let everything fail; say what became of the promises."""
    shares = [f"--{name}={share}" for name, share in FAULTS.items()]
    with parts.postgres() as postgres, parts.broker() as broker, tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        (folder / "relay.log").touch()
        relay_options = ("--log", str(folder / "relay.log"), "--seed", str(seed), *shares)
        with parts.sink(*relay_options) as (url, relay):
            database = postgres.database("chaos")
            engine, listed = connect(database), captures.sample_day()
            readers.collect(engine, listed, START - A_MINUTE)
            readers.subscribe(engine, count, readers.BROAD, START - A_MINUTE, cadence="weekly")
            environment = {
                "DIGEST_DATABASE_URL": database,
                "DIGEST_BROKER_URL": broker,
                "DIGEST_SMTP_URL": url,
                "DIGEST_SMTP_CONNECTIONS": str(CONNECTIONS),
                "BENCH_CLOCK": str(folder / "clock"),
            }
            chaos = Chaos(engine, folder, environment, seed)
            chaos.clock.start(START)
            started = time.monotonic()
            with chaos.running():
                _torment(chaos, postgres, broker, relay, count, kills, restarts)
                parts.wait_until(chaos.is_over, seconds, "the end of the run")
            say(f"over by itself after {time.monotonic() - started:.0f} s")
            kept = [(well, what) for well, what in promises(chaos, count)]
            for well, what in kept:
                say(f"  {'kept  ' if well else 'BROKEN'} {what}")
            if not all(well for well, _ in kept):
                say((folder / "service.log").read_text()[-3_000:])
            return all(well for well, _ in kept)


def _torment(
    chaos: Chaos,
    postgres: parts.Postgres,
    broker: str,
    relay: subprocess.Popen[bytes],
    count: int,
    kills: int,
    restarts: int,
) -> None:
    """Kill at random moments among the deliveries, and between the kills break everything else once."""
    moments = sorted(chaos.random.sample(range(count // 20, count * 9 // 10), kills))
    others = {kills // 5: lambda: _empty(broker), kills * 3 // 4: lambda: _refuse(relay)}
    # Between the kills, so many times as asked for.
    others |= {kills * turn // (restarts + 1): lambda: _restart(postgres) for turn in range(1, restarts + 1)}
    for number, moment in enumerate(moments):
        parts.wait_until(partial(chaos.has_come_to, moment), 600, f"mail {moment}")
        chaos.kill()
        others.get(number, lambda: None)()


def _empty(broker: str) -> None:
    Redis.from_url(broker).flushall()
    say("      the broker is emptied")


def _restart(postgres: parts.Postgres) -> None:
    postgres.restart()
    say("      PostgreSQL is restarted")


def _refuse(relay: subprocess.Popen[bytes]) -> None:
    relay.send_signal(signal.SIGUSR1)
    say(f"      the relay refuses connections for {REFUSING_SECONDS:.0f} s")
    time.sleep(REFUSING_SECONDS)
    relay.send_signal(signal.SIGUSR1)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--restarts", type=int, default=1, help="of PostgreSQL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1_800, help="when to give up")
    wanted = parser.parse_args()
    say(f"{wanted.deliveries:,} deliveries, {wanted.kills} kills, seed {wanted.seed}")
    sys.exit(0 if torment(wanted.deliveries, wanted.kills, wanted.restarts, wanted.seed, wanted.seconds) else 1)


if __name__ == "__main__":
    main()
