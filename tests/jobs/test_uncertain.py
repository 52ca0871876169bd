"""What may have arrived: it is never called failed, and goes once more at most."""

from datetime import timedelta

from digest.domain import Beside, Result, State
from digest.jobs import delivery
from digest.jobs.delivery.settle import GIVE_UP_AFTER
from digest.store import heard, ledger, outcomes
from tests.support.lying_relay import CUT, LyingRelay

A_DAY = timedelta(days=1)
ADA, BOB = "ada@example.org", "bob@example.org"


def uncertain_once(service):
    service.mail_server.hang_up_after_data()
    assert service.sends()[State.UNCERTAIN] == 2
    service.mail_server.behave()
    service.now += timedelta(hours=1)


def test_what_may_have_arrived_and_is_refused_then_stays_uncertain_and_counts_as_sent(two):
    uncertain_once(two)
    two.mail_server.refuse(ADA, "550 5.7.1 Refused by policy")
    two.delivers()
    [first] = two.of(ADA)
    assert (first.state, first.reason.startswith("may have arrived")) == (State.UNCERTAIN, True)
    assert heard.papers_sent(two.engine, [first.reader.id]) == {first.reader.id: set(first.papers)}
    two.now += 30 * A_DAY
    two.mail_server.behave()
    two.mail_server.mails.clear()
    two.sends()
    assert [one.window.start for one in two.of(ADA)][1] == first.window.end, "its window is covered"
    assert two.of(ADA)[0].attempts == first.attempts, "and it does not go again"


def test_what_may_have_arrived_and_is_put_off_until_it_is_given_up_stays_uncertain(two):
    uncertain_once(two)
    two.mail_server.refuse(ADA, "451 4.2.0 Later")
    two.delivers()
    assert two.of(ADA)[0].state is State.DEFERRED
    two.now += GIVE_UP_AFTER + A_DAY
    two.delivers()
    assert two.of(ADA)[0].state is State.UNCERTAIN


def test_the_next_digest_does_not_overtake_what_may_have_arrived(two):
    uncertain_once(two)
    two.mail_server.refuse(ADA, "451 4.2.0 Later")
    two.delivers()
    two.now += A_DAY
    delivery.plan(two.engine, two.now)
    first, second = two.of(ADA)
    assert (first.state, second.window.start) == (State.DEFERRED, first.window.end)


def test_nobody_gets_the_same_bytes_more_than_twice(two):
    two.mail_server.hang_up_after_data()
    two.sends()
    for _ in range(9):
        two.now += timedelta(hours=9)
        two.delivers()
    assert sorted(two.mail_server.recipients) == [ADA, ADA, BOB, BOB]
    assert {one.state for one in two.of(ADA) + two.of(BOB)} == {State.UNCERTAIN}


def test_a_reader_who_leaves_before_the_second_try_leaves_the_first_uncertain(two):
    uncertain_once(two)
    two.runs("UPDATE readers SET status = 'paused' WHERE email = :email", email=ADA)
    two.delivers()
    assert two.of(ADA)[0].state is State.UNCERTAIN


def test_a_result_that_comes_after_the_sweep_counts(two):
    delivery.plan(two.engine, two.now)
    ada, bob = ledger.claim(two.engine, 10, two.now)
    outcomes.begin(two.engine, [(ada, [], Beside()), (bob, [], Beside())], two.now + ledger.LEASE)
    two.now += 2 * ledger.LEASE
    assert delivery.sweep(two.engine, two.now) == 2
    assert {one.state for one in two.waiting()} == {State.UNCERTAIN}
    for one, state in ((ada, State.SENT), (bob, State.QUEUED)):
        ledger.record(two.engine, [(one, Result(one.id, state, "late"), two.now)], two.now)
    assert two.of(ADA)[0].state is State.SENT
    assert (two.of(BOB)[0].state, two.of(BOB)[0].unanswered) == (State.QUEUED, 0)


def test_what_had_no_answer_goes_with_nothing_behind_it(two):
    """Whatever it was that came between: the last time, nothing of ours can have been."""
    two.settings["smtp_connections"] = 1
    with LyingRelay(DOT=CUT) as two.mail_server:
        assert two.sends() == {State.UNCERTAIN: 2}
    two.now += timedelta(hours=1)
    with LyingRelay() as two.mail_server:
        assert two.delivers() == {State.SENT: 2}
    # Hello, an envelope and the data of each, goodbye.
    assert two.mail_server.turns == 1 + 2 * 2 + 1
