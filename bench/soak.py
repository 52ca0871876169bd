"""Twenty days of a service, in some minutes: does everybody get what they should, once, on their day and at their hour?

`python -m bench.soak` lets 2,000 readers in eleven zones live through changes of clocks, holidays without papers, a day
that comes late, a source that answers nobody, a relay that refuses for three hours, and workers that die with mails in
their hands. The timetable wakes the tasks, by a clock that leaps; papers are collected over HTTP. With `--workers` the
tasks go to real workers, by a real broker. The relay is a real one. What arrived is judged by `bench.judge`, which
knows nothing of how it came about. Exit 1 if anybody did not get what they should.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from pathlib import Path

from bench import soak_days, soak_rounds
from bench.judge import Arrived, Asked, judged
from bench.leaps import Clock
from bench.soak_days import Days
from bench.soak_pages import Away, Pages
from bench.soak_relay import Relay
from bench.soak_rounds import Rounds
from digest.domain import Cadence, Preferences, Status
from digest.readers import schedule
from digest.store import admission, ledger
from digest.store.admission import Entry

START = date(2026, 3, 20)
QUARTER, A_DAY, HALF_A_MINUTE = timedelta(minutes=15), timedelta(days=1), timedelta(seconds=30)
# Both sources have listed a day when the service begins, the day before.
BEFORE = 1
# Days after the start: nothing is listed; all of it comes a day late; the source answers nobody, the relay refuses;
# workers die.
EMPTY, LATE, SILENT, REFUSED, DEADLY = (14, 17), 12, 5, 4, (6, 11)
SILENT_FROM, SILENT_FOR = time(0, 30), timedelta(hours=7)
REFUSED_FROM, REFUSED_FOR = time(6), timedelta(hours=3)
MOST_PAPERS = 50
ZONES = (
    "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "UTC", "Europe/London", "Europe/Berlin",
    "Africa/Nairobi", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip


class Soak:
    """A service, its relay, and the time."""

    def __init__(self, rounds: Rounds, relay: Relay, asked: list[Asked], span: tuple[datetime, datetime]) -> None:
        self.rounds, self.engine, self.relay, self.asked = rounds, rounds.engine, relay, asked
        self.begins, self.end = span
        self.now = self.begins
        self.arrived: list[Arrived] = []

    def begin(self) -> None:
        entries = []
        for one in self.asked:
            # As written, in the title: the judge knows no endings, and reads no abstracts.
            topics = tuple(f'title:"{topic}"' for topic in one.topics)
            wanted = Preferences(topics, Cadence(one.cadence), one.hour, one.timezone, MOST_PAPERS, weekday=one.weekday)
            entries.append(Entry(one.email, wanted, Status.ACTIVE, schedule.next_due(wanted, self.now)))
        admission.admit_many(self.engine, entries, self.now)

    def live(self) -> None:
        """Let the days pass, from one moment of the timetable to the next."""
        self.rounds.begin()
        while (at := self.rounds.next()) < self.end:
            self.rounds.clock.leap(at)
            now = (at + HALF_A_MINUTE).replace(second=0, microsecond=0)
            if now.date() > self.now.date():
                sys.stderr.write(f"{self.now:%a %d %b}: {len(self.arrived):,} mails so far\n")
            self.now = now
            self.relay.refuses = self._is_refused()
            self.rounds.round(now, deadly=self._is_deadly())
            self.arrived += [Arrived(recipient, ids, now) for recipient, ids in self.relay.taken()]

    def _is_deadly(self) -> bool:
        on_the_hour = self.now.minute == 0 and self.now.hour % self.rounds.deadly_every == 0
        return on_the_hour and (self.now.date() - START).days in DEADLY

    def _is_refused(self) -> bool:
        begins = _at(START + REFUSED * A_DAY, REFUSED_FROM)
        return begins <= self.now < begins + REFUSED_FOR

    def excused_until(self, due: datetime) -> datetime:
        """By when what is due then should be there: later, if the relay refuses or its worker dies."""
        begins = _at(START + REFUSED * A_DAY, REFUSED_FROM)
        if begins - timedelta(hours=1) <= due < begins + REFUSED_FOR + timedelta(hours=1):
            return begins + REFUSED_FOR + timedelta(hours=8)
        deadly = (due.date() - START).days in DEADLY
        return due + (ledger.LEASE + timedelta(minutes=45) if deadly else QUARTER)


def readers(chance: random.Random, subjects: Sequence[str], count: int) -> list[Asked]:
    return [_reader(chance, subjects, number) for number in range(count)]


def _reader(chance: random.Random, subjects: Sequence[str], number: int) -> Asked:
    topics = tuple(chance.sample(subjects, chance.randint(1, 2)))
    cadence = chance.choice((Cadence.DAILY, Cadence.DAILY, Cadence.WEEKDAYS, Cadence.WEEKLY))
    # No clock skips or repeats these hours.
    hour, weekday = chance.randint(4, 22), chance.randrange(7)
    return Asked(f"reader{number}@example.org", topics, cadence.value, hour, chance.choice(ZONES), weekday)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, UTC)


def _pages(days: Days, clock: Clock) -> Pages:
    silent = _at(START + SILENT * A_DAY, SILENT_FROM)
    return Pages(days, START + LATE * A_DAY, Away(silent, silent + SILENT_FOR), clock)


def soak(count: int, skip: int, days: float, seed: int, workers: bool) -> bool:
    soak_rounds.hush()
    chance = random.Random(seed)
    holidays = {START + day * A_DAY for day in EMPTY}
    first = START + skip * A_DAY
    listed = soak_days.of(chance, first - BEFORE * A_DAY, ceil(days) + BEFORE, holidays)
    begins = _at(first, time())
    with tempfile.TemporaryDirectory() as folder, _pages(listed, clock := _clock(Path(folder), begins)) as pages:
        urls = {"huggingface_url": pages.url, "arxiv_url": pages.url}
        opened: AbstractContextManager[tuple[Rounds, Relay]] = (
            soak_rounds.sent(Path(folder), clock, urls) if workers else soak_rounds.here(clock, urls)
        )
        with opened as (rounds, relay):
            run = Soak(rounds, relay, readers(chance, listed.subjects, count), (begins, begins + days * A_DAY))
            run.begin()
            run.live()
        known = pages.listed()
        table = judged(run.asked, known, run.arrived, (run.begins, run.end), run.excused_until)
    sys.stdout.write("\n".join(table.lines()) + "\n")
    kind = "real papers" if listed.are_real else "invented papers"
    sys.stdout.write(f"{len({each.id for each in known})} {kind}, in {pages.asked:,} answers; {rounds}\n")
    return table.is_well


def _clock(folder: Path, begins: datetime) -> Clock:
    """A clock in a file, which all that runs here reads."""
    os.environ["BENCH_CLOCK"] = str(folder / "clock")
    clock = Clock(folder / "clock")
    clock.start(begins)
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--skip", type=int, default=0, metavar="DAYS", help="begin so many days later")
    parser.add_argument("--days", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", action="store_true", help="send the tasks to real workers, by a real broker")
    wanted = parser.parse_args()
    sys.exit(0 if soak(wanted.readers, wanted.skip, wanted.days, wanted.seed, wanted.workers) else 1)


if __name__ == "__main__":
    main()
