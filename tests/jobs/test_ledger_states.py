"""The ledger under any order of events: plans, claims, outcomes, crashes, sweeps, clock steps, people who leave."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from digest.domain import INSTANT, Beside, Cadence, Preferences, Result, State, Status, Window
from digest.readers import schedule
from digest.store import accounts, ledger, outcomes, papers, planning, readers
from digest.store.tables import deliveries as rows
from tests.support.examples import some
from tests.support.factories import NOW, a_collection, a_listing
from tests.support.lives import becomes
from tests.support.stored import in_memory

OUTCOMES = (State.SENT, State.DEFERRED, State.FAILED, State.UNCERTAIN, State.QUEUED, State.SKIPPED)
FINAL = {State.SENT, State.FAILED, State.SKIPPED}
LONG_ENOUGH = 40
# Forty steps take minutes to make fewer; whoever has a failure to look into may add `Phase.shrink`.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


class Ledger(RuleBasedStateMachine):
    """A ledger, and beside it what a reader's mailbox and a fly on the wall would know."""

    resend_uncertain = True

    def __init__(self):
        super().__init__()
        self.engine = in_memory()
        self.now, self.looked, self.planned = NOW, NOW, 0
        self.workers = []  # what each living worker holds: (delivery, until when it is its own)
        self.arrived, self.once_uncertain = Counter(), set()
        self.brought = {}  # what each window brought when it was written

    def teardown(self):
        assert {row.id: self.listed_for(row) for row in self.rows()} == self.brought
        self.everything_comes_to_an_end()
        self.engine.dispose()

    @initialize()
    def three_wait_for_their_first(self):
        for hour in (7, 8, 9):
            self.somebody_comes(Cadence.DAILY, hour)
        self.a_planner_comes_round()

    # What may happen.

    @rule(cadence=st.sampled_from(Cadence), hour=st.integers(0, 23))
    def somebody_comes(self, cadence, hour):
        email = f"reader{sum(readers.counts(self.engine).values())}@example.org"
        readers.admit(self.engine, email, Preferences(cadence=cadence, hour=hour), self.now)

    @rule(chance=st.randoms(use_true_random=False))
    def somebody_leaves(self, chance):
        if everybody := list(readers.everyone(self.engine)):
            becomes(self.engine, chance.choice(everybody), Status.UNSUBSCRIBED, self.now)

    @rule(chance=st.randoms(use_true_random=False))
    def somebody_comes_back(self, chance):
        left = [reader for reader in readers.everyone(self.engine) if reader.status is Status.UNSUBSCRIBED]
        if left:
            becomes(self.engine, chance.choice(left), Status.ACTIVE, self.now)

    @rule(minutes=st.sampled_from([1, 21, 31, 60 * 5, 60 * 24, 60 * 24 * 6]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def a_planner_comes_round(self):
        self.planned += planning.plan(self.engine, self.now, schedule.MOST_CATCH_UP, schedule.next_due)

    @rule(seconds=st.sampled_from([0, 20, 3600]))
    def a_look_is_stored(self, seconds):
        """Some time after it was taken, but in the order in which they were."""
        self.looked = max(self.looked + INSTANT, self.now - timedelta(seconds=seconds))
        self.now = max(self.now, self.looked)
        papers.keep(self.engine, [a_listing()], a_collection(at=self.looked))

    @rule(most=st.integers(1, 4))
    def a_worker_claims(self, most):
        group = ledger.claim(self.engine, most, self.now, resend_uncertain=self.resend_uncertain)
        held = {delivery.id for worker in self.workers for delivery, until in worker if until >= self.now}
        assert not held & {delivery.id for delivery in group}, "two workers hold the same"
        until = self.now + ledger.LEASE
        ours = {one.id for one in group}
        assert outcomes.begin(self.engine, [(delivery, [], Beside()) for delivery in group], until) == ours
        if group:
            self.workers.append([(delivery, until) for delivery in group])

    @rule(most=st.integers(1, 4))
    def a_worker_is_killed_before_it_begins(self, most):
        ledger.claim(self.engine, most, self.now, resend_uncertain=self.resend_uncertain)

    @precondition(lambda self: self.workers)
    @rule(state=st.sampled_from(OUTCOMES), chance=st.randoms(use_true_random=False))
    def a_worker_ends_one(self, state, chance):
        worker = chance.choice(self.workers)
        delivery, _ = worker.pop(chance.randrange(len(worker)))
        self.workers = [worker for worker in self.workers if worker]
        self.end(delivery, state, arrived=state is State.SENT or (state is State.UNCERTAIN and chance.random() < 0.5))

    @precondition(lambda self: self.workers)
    @rule(chance=st.randoms(use_true_random=False))
    def a_worker_is_killed(self, chance):
        worker = self.workers.pop(chance.randrange(len(self.workers)))
        for delivery, _ in worker:
            self.arrived[delivery.id] += chance.random() < 0.3

    @precondition(lambda self: self.workers)
    @rule()
    def the_workers_are_too_slow_and_others_take_over(self):
        self.time_passes(21)
        self.a_sweeper_comes_round()
        self.a_worker_claims(4)

    @rule()
    def a_sweeper_comes_round(self):
        lost = select(rows.c.id).where(rows.c.state == State.SENDING, rows.c.begun, rows.c.next_attempt_at < self.now)
        with self.engine.connect() as connection:
            self.once_uncertain |= set(connection.execute(lost).scalars())
        ledger.release_lost(self.engine, self.now)

    def end(self, delivery, state, *, arrived):
        self.arrived[delivery.id] += arrived
        if state is State.UNCERTAIN:
            self.once_uncertain.add(delivery.id)
        again = schedule.next_attempt(delivery.id, delivery.attempts, self.now)
        held = [one for worker in self.workers for one, until in worker if one.id == delivery.id and until >= self.now]
        before = ledger.find(self.engine, delivery.id)
        ledger.record(self.engine, [(delivery, Result(delivery.id, state, "as it happens"), again)], self.now)
        if held and before.claim != delivery.claim:
            assert ledger.find(self.engine, delivery.id) == before, "a late worker changed what is another's"

    # What is always true.

    @invariant()
    def the_account_adds_up(self):
        account = accounts.since(self.engine, NOW - timedelta(days=1))
        assert sum(run.planned for run in account) == self.planned
        assert sum(ledger.counts(self.engine).values()) == self.planned

    @invariant()
    def nobody_gets_a_mail_twice_unless_the_first_was_uncertain(self):
        assert {delivery for delivery, times in self.arrived.items() if times > 1} <= self.once_uncertain
        assert max(self.arrived.values(), default=0) <= 2

    @invariant()
    def what_may_have_arrived_is_never_called_anything_else(self):
        known = {State.FAILED, State.SKIPPED}
        assert not [row.id for row in self.rows() if row.state in known and self.arrived[row.id]]

    @invariant()
    def windows_neither_overlap_nor_leave_out_anything(self):
        for (_, earlier), (between, later) in pairwise(self.covered()):
            assert earlier.reader_id != later.reader_id or earlier.window_end <= later.window_start
            # One that was uncertain counted as arrived when the next was planned, though it failed in the end.
            known = between & self.once_uncertain
            assert earlier.reader_id != later.reader_id or earlier.window_end == later.window_start or known

    @invariant()
    def no_paper_stored_after_planning_is_in_a_window_that_was_written_before(self):
        """No paper is ever taken away: what came into a window later is still there when all are looked at again."""
        for row in self.rows():
            if row.id not in self.brought:
                self.brought[row.id] = self.listed_for(row)

    def listed_for(self, row):
        window = Window(row.window_start, row.window_end, row.since)
        return {paper.id for paper in papers.in_window(self.engine, window)}

    def covered(self):
        """The digests that count, each with those before it that do not."""
        between = set()
        for row in self.rows():
            if row.state == State.FAILED or row.reason == planning.SUPERSEDED:
                between.add(row.id)
            else:
                yield between, row
                between = set()

    @invariant()
    def whoever_was_sent_a_mail_has_it(self):
        assert all(self.arrived[row.id] for row in self.rows() if row.state == State.SENT)

    def everything_comes_to_an_end(self):
        ends = FINAL if self.resend_uncertain else FINAL | {State.UNCERTAIN}
        for _ in range(LONG_ENOUGH):
            if all(row.state in ends or row.next_attempt_at == outcomes.NEVER for row in self.rows()):
                break
            self.now += timedelta(days=1)
            self.a_sweeper_comes_round()
            for delivery in ledger.claim(self.engine, 1000, self.now, resend_uncertain=self.resend_uncertain):
                self.end(delivery, State.SENT, arrived=True)
        assert {row.state for row in self.rows()} <= FINAL | {State.UNCERTAIN}
        if self.resend_uncertain:
            left = [row for row in self.rows() if row.state == State.UNCERTAIN]
            assert all(row.unanswered and row.next_attempt_at == outcomes.NEVER for row in left)

    def rows(self):
        with self.engine.connect() as connection:
            return connection.execute(select(rows).order_by(rows.c.reader_id, rows.c.due_at)).all()


class LedgerThatSendsNothingAgain(Ledger):
    resend_uncertain = False

    @invariant()
    def nobody_gets_anything_twice(self):
        assert max(self.arrived.values(), default=0) <= 1


TestLedger = Ledger.TestCase
TestLedgerThatSendsNothingAgain = LedgerThatSendsNothingAgain.TestCase
WALKS = settings(max_examples=some(60), stateful_step_count=40, deadline=None, phases=PHASES)
TestLedger.settings = WALKS
TestLedgerThatSendsNothingAgain.settings = settings(WALKS, max_examples=some(40))
