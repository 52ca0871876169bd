"""Readers whose digests take long to write: they hold up nobody, and make nothing go twice."""

import signal
import time

import pytest

from digest.domain import State
from digest.jobs import delivery
from digest.jobs.delivery.dispatcher import Limits
from digest.jobs.delivery.patience import Stopwatch, TookTooLong
from digest.jobs.routing import RELAY_REST
from digest.store import ledger

ADA, BOB = "ada@example.org", "bob@example.org"


def slow_for(seconds, *slow):
    def select(matcher, profile, **more):
        if profile.topics[0].text in slow:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                pass
        return matcher.select(profile, **more)

    return select


def test_a_digest_that_takes_too_long_fails_alone_and_holds_up_nobody(two):
    two.admits("slow@example.org", "speculative decoding, slowly")
    two.exchanged = {"select": slow_for(60, "speculative decoding"), "limits": Limits(a_mail=2.0)}
    started = time.monotonic()
    two.runs("UPDATE readers SET topics = '[\"decoding\"]' WHERE email <> 'slow@example.org'")
    two.runs("UPDATE readers SET topics = '[\"speculative decoding\"]' WHERE email = 'slow@example.org'")
    assert two.sends() == {State.SENT: 2, State.FAILED: 1}
    assert time.monotonic() - started < 30
    [slow] = two.of("slow@example.org")
    assert slow.reason == "set aside: took too long to write"


def test_what_is_not_written_in_time_is_given_back_untried_and_goes_with_the_next_group(two):
    two.exchanged = {"select": slow_for(0.05, "speculative decoding"), "limits": Limits(a_group=0.01)}
    assert two.sends()[State.SENT] == 1
    [late] = [one for one in two.waiting() if one.state is State.QUEUED]
    assert late.attempts == 0
    two.now += RELAY_REST
    assert two.delivers() == {State.SENT: 1}
    assert sorted(two.mail_server.recipients) == [ADA, BOB]


def test_a_group_whose_lease_ran_out_while_it_was_written_does_not_go_from_here(two):
    def slept_through(matcher, profile, **more):
        # As a machine that was suspended; the others went on.
        two.now += 2 * ledger.LEASE
        delivery.sweep(two.engine, two.now)
        ledger.claim(two.engine, 10, two.now)
        return matcher.select(profile, **more)

    two.exchanged = {"select": slept_through}
    two.sends()
    assert two.mail_server.mails == []


def left():
    return signal.getitimer(signal.ITIMER_REAL)[0]


def wait(until):
    while not until():
        pass


def test_each_mail_has_its_whole_time_though_the_timer_is_one_for_all():
    with Stopwatch(0.4) as stopwatch:
        wait(lambda: left() < 0.05)
        # It rings in the middle of this one, which has just begun.
        stopwatch.run(lambda: wait(lambda: left() > 0.1))
        with pytest.raises(TookTooLong):
            stopwatch.run(lambda: wait(lambda: False))
        # And for the next one, too.
        with pytest.raises(TookTooLong):
            stopwatch.run(lambda: wait(lambda: False))
    assert left() == 0


def test_a_stopwatch_within_another_gives_the_timer_back():
    with Stopwatch(60) as outer:
        with Stopwatch(30) as inner:
            inner.run(lambda: None)
        assert outer.run(left) > 30
