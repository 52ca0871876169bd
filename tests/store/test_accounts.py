"""The account of days that were counted is that of the rows, whatever became of them since, and by whom."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import text

from digest.domain import Cadence, Kind, Preferences, Result, Run, State
from digest.jobs import retention
from digest.jobs.retention import Terms
from digest.store import accounts, day_counts, history, ledger, outcomes, readers
from digest.store.engine import writing
from digest.store.tables import deliveries as rows
from tests.support.factories import NOW
from tests.support.stored import plan

A_DAY = timedelta(days=1)
ZONES = ("UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns")
OUTCOMES = (State.SENT, State.SENT, State.SENT, State.DEFERRED, State.FAILED, State.UNCERTAIN, State.SKIPPED)
TERMS = Terms(deliveries=timedelta(days=30), left=timedelta(days=30), addresses=timedelta(days=30))
STEPS = 40
# As somebody does by hand.
BY_HAND = (
    "UPDATE deliveries SET state = 'failed' WHERE id % 7 = 0",
    "UPDATE deliveries SET state = 'queued' WHERE id % 11 = 0",
    "UPDATE deliveries SET state = 'sent', tried_at = due_at WHERE state = 'uncertain'",
    "UPDATE deliveries SET state = 'sent', tried_at = NULL WHERE state = 'deferred'",
    "UPDATE deliveries SET kind = 'sonnet' WHERE id % 13 = 0 AND state = 'sent'",
    "DELETE FROM deliveries WHERE id % 17 = 0",
)


def by_rows(engine, since):
    """The account as whoever reads each row has it."""
    found = defaultdict(Counter)
    with engine.connect() as connection:
        for due, kind, state in connection.execute(
            rows.select().with_only_columns(rows.c.due_at, rows.c.kind, rows.c.state)
        ):
            if kind == Kind.DIGEST and due.date() >= since.date():
                found[due.date()][State(state)] += 1
    return [Run(day, dict(found[day])) for day in sorted(found, reverse=True)]


class Lives:
    """Readers, a service, and an operator who do as they like."""

    def __init__(self, engine, seed):
        self.engine, self.chance, self.now = engine, Random(seed), NOW
        self.held = []
        for _ in range(20):
            self.somebody_comes()

    def step(self):
        happens = (
            self.somebody_comes, self.somebody_is_forgotten, self.hours_pass, self.hours_pass, self.mails_are_claimed,
            self.mails_are_claimed, self.mails_end, self.mails_end, self.mails_end, self.lost_ones_are_freed,
            self.one_goes_again, self.the_day_is_counted, self.a_night_passes, self.somebody_writes_sql, self.planned,
        )  # fmt: skip
        self.chance.choice(happens)()

    def somebody_comes(self):
        chance = self.chance
        chosen = Preferences(
            cadence=chance.choice(list(Cadence)), hour=chance.randrange(24), timezone=chance.choice(ZONES)
        )
        readers.admit(self.engine, f"r{chance.getrandbits(60)}@example.org", chosen, self.now)

    def somebody_is_forgotten(self):
        if everybody := list(readers.everyone(self.engine)):
            readers.forget(self.engine, self.chance.choice(everybody).email)

    def hours_pass(self):
        self.now += timedelta(hours=self.chance.choice([1, 5, 11, 24, 40]), minutes=self.chance.randrange(60))
        self.planned()

    def planned(self):
        plan(self.engine, self.now)

    def mails_are_claimed(self):
        self.held += ledger.claim(self.engine, self.chance.choice([1, 3, 50]), self.now)

    def mails_end(self):
        self.chance.shuffle(self.held)
        some, self.held = self.held[:4], self.held[4:]
        ends = [(one, Result(one.id, self.chance.choice(OUTCOMES)), self.now + timedelta(hours=2)) for one in some]
        outcomes.record(self.engine, ends, self.now)

    def lost_ones_are_freed(self):
        outcomes.release_lost(self.engine, self.now)

    def one_goes_again(self):
        with self.engine.connect() as connection:
            ids = connection.execute(text("SELECT id FROM deliveries ORDER BY id")).scalars().all()
        if ids:
            history.send_again(self.engine, self.chance.choice(ids))

    def the_day_is_counted(self):
        day_counts.fold(self.engine, self.now)

    def a_night_passes(self):
        self.now = datetime.combine(self.now.date() + A_DAY, time(3, 20), UTC)
        day_counts.fold(self.engine, self.now)
        retention.keep(self.engine, TERMS, lambda: self.now)

    def somebody_writes_sql(self):
        with writing(self.engine) as connection:
            connection.execute(text(self.chance.choice(BY_HAND)))


@pytest.mark.parametrize("seed", range(2))
def test_the_account_is_that_of_the_rows_whatever_happens(engine, seed):
    lives, most = Lives(engine, seed), 0
    for _ in range(STEPS):
        lives.step()
        for ago in (7, 1, 0):
            since = lives.now - ago * A_DAY
            assert accounts.since(engine, since) == by_rows(engine, since), lives.now
        most = max(most, *(run.planned for run in accounts.since(engine, lives.now - 7 * A_DAY)), 0)
    assert most > 5, "there was something to count"
