"""The next group, claimed and written while one goes: it goes once, after it, or waits again as if nothing had been."""

import os
import signal

import pytest

from digest.domain import State
from digest.jobs.delivery import round as rounds
from digest.jobs.editions import Editions
from digest.store import ledger
from digest.transport import pace

A_GROUP = 5


@pytest.fixture
def many(service, monkeypatch):
    """A service with four groups of readers."""
    monkeypatch.setattr(rounds, "GROUP", A_GROUP)
    monkeypatch.setattr(pace, "SECONDS_UNTIL_SLOW", 0)
    service.admits_many(4 * A_GROUP)
    return service


def at_digest(number, act):
    """Choose as ever, and do this before the digest of this number."""
    chosen = []

    def select(matcher, profile, **more):
        chosen.append(profile)
        if len(chosen) == number:
            act()
        return matcher.select(profile, **more)

    return {"select": select}


def test_while_a_group_goes_the_next_one_is_written(many):
    held = []
    many.exchanged = at_digest(A_GROUP + 1, lambda: held.append(ledger.counts(many.engine)))
    many.sends()
    [states] = held
    assert states["queued"] == 2 * A_GROUP
    assert ledger.counts(many.engine)["sent"] == 4 * A_GROUP
    assert len(set(many.mail_server.recipients)) == len(many.mail_server.recipients) == 4 * A_GROUP


@pytest.mark.parametrize(("number", "times"), [(A_GROUP + 2, 1), (A_GROUP + 2, 2), (2, 1)])
def test_a_round_that_is_ended_gives_back_both_groups_as_far_as_they_did_not_go(many, number, times):
    many.exchanged = at_digest(number, lambda: [os.kill(os.getpid(), signal.SIGINT) for _ in range(times)])
    with pytest.raises(KeyboardInterrupt):
        many.sends()
    counts = ledger.counts(many.engine)
    assert counts["sending"] == 0
    assert counts["queued"] + counts["sent"] + counts["deferred"] + counts["uncertain"] == 4 * A_GROUP
    assert {one.attempts for one in many.waiting() if one.state is State.QUEUED} == {0}
    assert counts["queued"] >= 3 * A_GROUP


def test_what_is_written_ahead_goes_only_while_it_is_ours(many):
    def slept():
        # As a machine that was suspended; another worker took it.
        many.now += 2 * ledger.LEASE
        ledger.release_lost(many.engine, many.now)
        ledger.claim(many.engine, 100, many.now)

    many.exchanged = at_digest(A_GROUP + 1, slept)
    many.sends()
    assert len(many.mail_server.mails) <= A_GROUP


def test_a_fault_met_ahead_of_time_is_raised_in_its_turn_and_loses_nothing(many, monkeypatch):
    gather = Editions.gather
    asked = []

    def broken(editions, group):
        asked.append(group)
        if len(asked) == 2:
            raise RuntimeError("a fault of ours")
        return gather(editions, group)

    monkeypatch.setattr(Editions, "gather", broken)
    with pytest.raises(RuntimeError):
        many.sends()
    assert ledger.counts(many.engine) | {"skipped": 0} == {
        **dict.fromkeys((state.value for state in State), 0),
        "sent": A_GROUP,
        "queued": 3 * A_GROUP,
    }
