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
from digest.store.engine import connect, writing
from digest.store.tables import PUT_ASIDE, UNKNOWN
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


def one_sent(engine):
    readers.admit(engine, "ada@example.org", Preferences(), NOW)
    plan(engine)
    [delivery] = ledger.claim(engine, 1, NOW)
    outcomes.record(engine, [(delivery, Result(delivery.id, State.SENT), NOW)], NOW)


@pytest.mark.postgres
@pytest.mark.parametrize("ends_first", [True, False])
def test_what_ends_while_a_day_is_counted_is_counted_once(postgres, ends_first):
    engine = connect(postgres())
    one_sent(engine)
    day_counts.fold(engine, NOW + A_DAY)
    with engine.connect() as ending:
        ending.execute(text("UPDATE deliveries SET state = 'failed'"))
        if ends_first:
            ending.commit()
        day_counts.fold(engine, NOW + 2 * A_DAY)
        ending.commit()
    for _ in range(2):
        assert accounts.since(engine, NOW) == [Run(NOW.date(), {State.FAILED: 1})]
        day_counts.fold(engine, NOW + 2 * A_DAY)
    engine.dispose()


@pytest.mark.parametrize(("days", "left"), [(1, []), (9, [Run(NOW.date(), {State.SENT: 1})])])
def test_who_is_forgotten_leaves_the_last_days_and_stays_in_what_was_counted_for_good(engine, days, left):
    one_sent(engine)
    day_counts.fold(engine, NOW + days * A_DAY)
    readers.forget(engine, "ada@example.org")
    assert accounts.since(engine, NOW) == left
    day_counts.fold(engine, NOW + (days + 1) * A_DAY)
    assert accounts.since(engine, NOW) == left


def test_a_clock_that_was_ahead_leaves_no_day_counted_twice(engine):
    one_sent(engine)
    for days in (40, 1, 2):
        day_counts.fold(engine, NOW + days * A_DAY)
        assert accounts.since(engine, NOW) == [Run(NOW.date(), {State.SENT: 1})]


@pytest.mark.parametrize("counted", [False, True])
def test_no_more_are_counted_of_what_went_than_is_asked(engine, counted):
    one_sent(engine)
    if counted:
        day_counts.fold(engine, NOW + A_DAY)
    assert [accounts.went(engine, NOW, enough) for enough in (0, 1, 2)] == [0, 1, 1]
    assert accounts.went(engine, NOW + A_DAY, 5) == 0
    assert accounts.failed(engine, NOW) == 0


def test_the_words_of_the_indexes_are_those_of_the_code():
    assert f"state NOT IN ({', '.join(map(repr, map(str, State)))})" == UNKNOWN
    assert repr(outcomes.SET_ASIDE) in PUT_ASIDE
