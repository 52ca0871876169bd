"""A task's time that ends in the middle of a round: what was in hand is not to blame, and the next round goes on."""

import time
from datetime import timedelta

import pytest

from digest.domain import State
from digest.jobs import delivery
from digest.jobs.delivery.dispatcher import Limits
from digest.store import ledger
from tests.support.endings import ended_at_statement, ended_in_the_middle, time_is_up

ADA, BOB = "ada@example.org", "bob@example.org"


def strikes(select, act=time_is_up):
    """Once, in the middle of choosing."""

    def choose(matcher, profile, **more):
        if not struck:
            struck.append(True)
            act()
        return select(matcher, profile, **more)

    struck = []
    return choose


def all_goes_on(two):
    """Nobody is blamed or waited for; what cannot have gone goes now, and what may have, once more at most."""
    two.exchanged = {}
    states = {one.state for email in (ADA, BOB) for one in two.of(email)}
    assert states <= {State.QUEUED, State.SENT, State.UNCERTAIN, State.DEFERRED}
    assert not any("set aside" in one.reason for email in (ADA, BOB) for one in two.of(email))
    two.now += timedelta(hours=1)
    two.delivers()
    assert {two.of(email)[-1].state for email in (ADA, BOB)} == {State.SENT}
    assert set(two.mail_server.recipients) == {ADA, BOB}


def test_who_is_written_to_meanwhile_is_not_set_aside(two):
    two.exchanged = {"select": strikes(two.post().select)}
    with ended_in_the_middle():
        two.sends()
    assert {one.attempts for one in two.waiting()} == {0}
    all_goes_on(two)


def test_a_mails_own_stopwatch_takes_no_end_of_a_task_for_its_own(two):
    """It rings while the end of the task is on its way, whose cleaning up takes long."""

    def slow():
        try:
            time_is_up()
        finally:
            until = time.monotonic() + 0.1
            while time.monotonic() < until:
                pass

    two.exchanged = {"select": strikes(two.post().select, slow), "limits": Limits(a_mail=0.02)}
    with ended_in_the_middle():
        two.sends()
    all_goes_on(two)


def test_mails_under_way_are_accounted_for_and_nothing_else_is_begun(two):
    delivery.plan(two.engine, two.now)
    handle, strike = two.mail_server.handle_DATA, iter([time_is_up])

    async def struck(*args):
        # Once: the end of another mail could come when nobody takes the signal any more.
        next(strike, int)()
        return await handle(*args)

    two.mail_server.handle_DATA = struck
    two.settings["smtp_connections"] = 1
    with ended_in_the_middle():
        two.delivers()
    counts = ledger.counts(two.engine)
    assert counts["sending"] == 0
    assert counts["queued"] == 1
    two.mail_server.handle_DATA = handle
    all_goes_on(two)


@pytest.mark.parametrize("number", [1, 3, 5, 8, 11])
def test_at_whatever_statement_it_comes_everybody_gets_their_digest(two, number):
    delivery.plan(two.engine, two.now)
    with ended_at_statement(two.engine, number) as ended:
        two.delivers()
    assert ended
    all_goes_on(two)


def test_a_machine_without_memory_takes_nobodys_digest_and_nobody_waits_for_another(two):
    def at_its_end():
        raise MemoryError

    two.exchanged = {"select": strikes(two.post().select, at_its_end)}
    assert two.sends() == {State.SENT: 1, State.DEFERRED: 1}
    all_goes_on(two)
