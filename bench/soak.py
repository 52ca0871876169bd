"""Twenty days of a service, in some minutes: does everybody get what they should, once, on their day and at their hour?

`python -m bench.soak` lets 2,000 readers in eleven zones live through changes of clocks, holidays without papers, a day
that comes late, a relay that refuses for three hours, and workers that die with mails in their hands. The jobs are
called in their order under a moved clock; with `--workers` their tasks go to real workers, by a real broker. The relay
is a real one. What arrived is judged by `bench.judge`, which knows nothing of how it came about. Exit 1 if anybody did
not get what they should.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta

from bench import soak_days, soak_rounds
from bench.judge import Arrived, Asked, Listed, judged
from bench.soak_days import Days
from bench.soak_relay import Relay
from bench.soak_rounds import Rounds
from digest.domain import Cadence, CollectionRun, Listing, Outcome, Paper, Preferences, Status
from digest.readers import schedule
from digest.store import admission, ledger, papers
from digest.store.admission import Entry

START = date(2026, 3, 20)
QUARTER, A_DAY = timedelta(minutes=15), timedelta(days=1)
# When a day's papers are looked for (UTC), a third of them each time.
LOOKS = (time(6, 5), time(14, 5), time(22, 5))
# Days after the start: nothing is listed; all of it comes a day late; the relay refuses; workers die.
EMPTY, LATE, REFUSED, DEADLY = (14, 15), 9, 4, (6, 11)
REFUSED_FROM, REFUSED_FOR = time(6), timedelta(hours=3)
MOST_PAPERS = 50
ZONES = (
    "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "UTC", "Europe/London", "Europe/Berlin",
    "Africa/Nairobi", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip


class Soak:
    """A service, its relay, and the time."""

    def __init__(self, rounds: Rounds, relay: Relay, count: int, days: int, seed: int) -> None:
        self.rounds, self.engine, self.relay = rounds, rounds.engine, relay
        self.chance = random.Random(seed)
        self.now = _at(START, time())
        self.days: Days = soak_days.of(self.chance, START, days, EMPTY)
        self.asked = [self._reader(number) for number in range(count)]
        self.listed: list[Listed] = []
        self.arrived: list[Arrived] = []

    def _reader(self, number: int) -> Asked:
        chance = self.chance
        topics = tuple(chance.sample(self.days.subjects, chance.randint(1, 2)))
        cadence = chance.choice((Cadence.DAILY, Cadence.DAILY, Cadence.WEEKDAYS, Cadence.WEEKLY))
        # No clock skips or repeats these hours.
        hour, weekday = chance.randint(4, 22), chance.randrange(7)
        return Asked(f"reader{number}@example.org", topics, cadence.value, hour, chance.choice(ZONES), weekday)

    def begin(self) -> None:
        entries = []
        for one in self.asked:
            # As written, in the title: the judge knows no endings, and reads no abstracts.
            topics = tuple(f'title:"{topic}"' for topic in one.topics)
            wanted = Preferences(topics, Cadence(one.cadence), one.hour, one.timezone, MOST_PAPERS, weekday=one.weekday)
            entries.append(Entry(one.email, wanted, Status.ACTIVE, schedule.next_due(wanted, self.now)))
        admission.admit_many(self.engine, entries, self.now)

    def live(self) -> None:
        """Let the days pass, a quarter of an hour at a time."""
        end = self.now + len(self.days.papers) * A_DAY
        while self.now < end:
            self._look_for_papers()
            self.relay.refuses = self._is_refused()
            if soak_rounds.is_anything_due(self.engine, self.now):
                self.rounds.round(self.now, deadly=self._is_deadly())
                self.arrived += [Arrived(recipient, ids, self.now) for recipient, ids in self.relay.taken()]
            if (self.now.hour, self.now.minute) == (3, 15):
                sys.stderr.write(f"{self.now:%a %d %b}: {len(self.arrived):,} mails so far\n")
                self.rounds.tidy(self.now)
            self.now += QUARTER

    def _is_deadly(self) -> bool:
        on_the_hour = self.now.minute == 0 and self.now.hour % self.rounds.deadly_every == 0
        return on_the_hour and (self.now.date() - START).days in DEADLY

    def _look_for_papers(self) -> None:
        day = (self.now.date() - START).days
        for turn, at in enumerate(LOOKS):
            if not self.now <= _at(self.now.date(), at) < self.now + QUARTER:
                continue
            found = () if day == LATE else self.days.papers[day][turn :: len(LOOKS)]
            self._keep(day, found)
            if day == LATE + 1 and turn == 0:
                self._keep(LATE, self.days.papers[LATE])

    def _keep(self, day: int, found: Sequence[Paper]) -> None:
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

    def excused_until(self, due: datetime) -> datetime:
        """By when what is due then should be there: later, if the relay refuses or its worker dies."""
        begins = _at(START + REFUSED * A_DAY, REFUSED_FROM)
        if begins - timedelta(hours=1) <= due < begins + REFUSED_FOR + timedelta(hours=1):
            return begins + REFUSED_FOR + timedelta(hours=8)
        deadly = (due.date() - START).days in DEADLY
        return due + (ledger.LEASE + timedelta(minutes=45) if deadly else QUARTER)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, UTC)


def soak(count: int, days: int, seed: int, workers: bool) -> bool:
    soak_rounds.hush()
    begins = _at(START, time())
    opened: AbstractContextManager[tuple[Rounds, Relay]] = soak_rounds.sent(begins) if workers else soak_rounds.here()
    with opened as (rounds, relay):
        run = Soak(rounds, relay, count, days, seed)
        run.begin()
        run.live()
        table = judged(run.asked, run.listed, run.arrived, (begins, run.now), run.excused_until)
    sys.stdout.write("\n".join(table.lines()) + "\n")
    kind = "real papers" if run.days.are_real else "invented papers"
    sys.stdout.write(f"{len({each.id for each in run.listed})} {kind}; {rounds}\n")
    return table.is_well


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", action="store_true", help="send the tasks to real workers, by a real broker")
    wanted = parser.parse_args()
    sys.exit(0 if soak(wanted.readers, wanted.days, wanted.seed, wanted.workers) else 1)


if __name__ == "__main__":
    main()
