"""Twenty days of a service, in some minutes: does everybody get what they should, once, on their day and at their hour?

`python -m bench.soak` lets 2,000 readers in eleven zones live through changes of clocks, holidays without papers, a day
that comes late, a relay that refuses for three hours, and workers that die with mails in their hands. The jobs are
called in their order under a moved clock; the relay is a real one. What arrived is judged by `bench.judge`, which knows
nothing of how it came about. Exit 1 if anybody did not get what they should.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine, func, select, text

from bench.judge import Arrived, Asked, Listed, judged
from bench.soak_relay import Relay
from digest import bootstrap
from digest.domain import Cadence, CollectionRun, Listing, Outcome, Paper, Preferences, Status
from digest.jobs import delivery, retention
from digest.readers import schedule
from digest.settings import Settings
from digest.store import admission, day_counts, ledger, papers
from digest.store.admission import Entry
from digest.store.engine import connect, migrate
from digest.store.tables import OPEN, readers
from digest.transport.smtp import RelayAway

START = date(2026, 3, 20)
QUARTER, A_DAY = timedelta(minutes=15), timedelta(days=1)
# When a day's papers are looked for (UTC), a third of them each time.
LOOKS = (time(6, 5), time(14, 5), time(22, 5))
# Days after the start: nothing is listed; all of it comes a day late; the relay refuses; workers die.
EMPTY, LATE, REFUSED, DEADLY = (14, 15), 9, 4, (6, 11)
REFUSED_FROM, REFUSED_FOR = time(6), timedelta(hours=3)
A_DAY_OF_PAPERS = 9
MOST_PAPERS = 25
ZONES = (
    "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "UTC", "Europe/London", "Europe/Berlin",
    "Africa/Nairobi", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip
SUBJECTS = (
    "moss", "tides", "bells", "granite", "lanterns", "orchards", "glaciers", "harbors", "violins", "thistles", "kites",
    "quarries",
)  # fmt: skip


class Soak:
    """A service, its relay, and the time."""

    def __init__(self, engine: Engine, relay: Relay, count: int, days: int, seed: int) -> None:
        self.engine, self.relay, self.days = engine, relay, days
        self.chance = random.Random(seed)
        self.now = _at(START, time())
        self.asked = [self._reader(number) for number in range(count)]
        self.listed: list[Listed] = []
        self.arrived: list[Arrived] = []
        settings = Settings(
            smtp_url=relay.url, smtp_connections=4, secret_key="soak", base_url="https://soak.example.org"
        )
        self._post = replace(bootstrap.post(settings), clock=lambda: self.now)
        self._papers = {day: list(self._papers_of(day)) for day in range(days)}

    def _reader(self, number: int) -> Asked:
        chance = self.chance
        topics = tuple(chance.sample(SUBJECTS, chance.randint(1, 2)))
        cadence = chance.choice((Cadence.DAILY, Cadence.DAILY, Cadence.WEEKDAYS, Cadence.WEEKLY))
        # No clock skips or repeats these hours.
        hour, weekday = chance.randint(4, 22), chance.randrange(7)
        return Asked(f"reader{number}@example.org", topics, cadence.value, hour, chance.choice(ZONES), weekday)

    def _papers_of(self, day: int) -> Iterator[Paper]:
        if day in EMPTY:
            return
        for number in range(A_DAY_OF_PAPERS):
            title = f"On {self.chance.choice(SUBJECTS)}, part {day}.{number}"
            yield Paper(
                f"26{(START + day * A_DAY).month:02}.{day:02}{number:03}", title, "We look at it.", ("A. Lovelace",)
            )

    def begin(self) -> None:
        entries = []
        for one in self.asked:
            wanted = Preferences(
                one.topics, Cadence(one.cadence), one.hour, one.timezone, MOST_PAPERS, weekday=one.weekday
            )
            entries.append(Entry(one.email, wanted, Status.ACTIVE, schedule.next_due(wanted, self.now)))
        admission.admit_many(self.engine, entries, self.now)

    def live(self) -> None:
        """Let the days pass, a quarter of an hour at a time."""
        end = self.now + self.days * A_DAY
        while self.now < end:
            self._look_for_papers()
            self.relay.refuses = self._is_refused()
            if self._is_anything_due():
                self._round()
            if (self.now.hour, self.now.minute) == (3, 15):
                day_counts.fold(self.engine, self.now)
                retention.keep(self.engine, TERMS, lambda: self.now)
            self.now += QUARTER

    def _look_for_papers(self) -> None:
        day = (self.now.date() - START).days
        for turn, at in enumerate(LOOKS):
            if not self.now <= _at(self.now.date(), at) < self.now + QUARTER:
                continue
            found = [] if day == LATE else self._papers[day][turn :: len(LOOKS)]
            self._keep(day, found)
            if day == LATE + 1 and turn == 0 and LATE in self._papers:
                self._keep(LATE, self._papers[LATE])

    def _keep(self, day: int, found: list[Paper]) -> None:
        # A look is over some minutes after the quarter; what is planned at it has what came before.
        at, on = self.now + timedelta(minutes=5), START + day * A_DAY
        look = CollectionRun("huggingface", on, "api", len(found), 0.1, Outcome.OK, "", at)
        papers.keep(
            self.engine, [Listing("huggingface", on, rank, each, 1, 0) for rank, each in enumerate(found, 1)], look
        )
        self.listed += [Listed(each.id, each.title, at) for each in found]

    def _is_refused(self) -> bool:
        begins = _at(START + REFUSED * A_DAY, REFUSED_FROM)
        return begins <= self.now < begins + REFUSED_FOR

    def _is_anything_due(self) -> bool:
        with self.engine.connect() as connection:
            first = connection.execute(select(func.min(readers.c.next_due_at))).scalar()
            waits = connection.execute(text(f"SELECT count(*) FROM deliveries WHERE {OPEN}")).scalar()
        return bool(waits) or (first is not None and first <= self.now)

    def _round(self) -> None:
        delivery.sweep(self.engine, self.now)
        delivery.plan(self.engine, self.now)
        delivery.plan(self.engine, self.now)
        if (self.now.date() - START).days in DEADLY and self.now.minute == 0:
            # A worker takes some at the full hour, and is never heard of again.
            ledger.claim(self.engine, 3, self.now)
        with suppress(RelayAway):
            delivery.deliver(self.engine, self._post)
        self.arrived += [Arrived(recipient, ids, self.now) for recipient, ids in self.relay.taken()]

    def excused_until(self, due: datetime) -> datetime:
        """By when what is due then should be there: later, if the relay refuses or its worker dies."""
        begins = _at(START + REFUSED * A_DAY, REFUSED_FROM)
        if begins - timedelta(hours=1) <= due < begins + REFUSED_FOR + timedelta(hours=1):
            return begins + REFUSED_FOR + timedelta(hours=8)
        deadly = (due.date() - START).days in DEADLY
        return due + (ledger.LEASE + timedelta(minutes=45) if deadly else QUARTER)


TERMS = retention.Terms(*[timedelta(days=400)] * 3)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, UTC)


@contextmanager
def a_database() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{Path(folder)}/soak.sqlite3")
        migrate(engine)
        yield engine
        engine.dispose()


def soak(count: int, days: int, seed: int) -> bool:
    logging.getLogger().setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with a_database() as engine, Relay() as relay:
        run = Soak(engine, relay, count, days, seed)
        run.begin()
        run.live()
        table = judged(run.asked, run.listed, run.arrived, (_at(START, time()), run.now), run.excused_until)
    sys.stdout.write("\n".join(table.lines()) + "\n")
    return table.is_well


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    sys.exit(0 if soak(wanted.readers, wanted.days, wanted.seed) else 1)


if __name__ == "__main__":
    main()
