"""Relays that are in trouble, or mind us: one circuit opens, and no reader is to blame."""

import pytest

from digest.domain import State
from digest.jobs import delivery, routing
from digest.jobs.routing import RELAY_REST
from digest.store import breakers, ledger, readers
from digest.transport.smtp import RelayAway
from tests.support.lying_relay import LyingRelay


@pytest.mark.parametrize(
    "reply",
    [
        "450 4.3.2 system not accepting network messages",
        "454 4.7.0 daily quota exceeded",
        "550 Sender domain has no MX",
    ],
)
def test_a_relay_that_says_to_everybody_that_it_cannot_opens_the_circuit(service, reply):
    service.admits_many(60)
    asked = []
    with LyingRelay(RCPT=lambda line: asked.append(line) or reply) as service.mail_server, pytest.raises(RelayAway):
        service.sends()
    assert len(asked) < 12
    [breaker] = breakers.known(service.engine).values()
    assert breaker.name.startswith("relay ")
    states = ledger.counts(service.engine)
    assert (states["failed"], states["queued"] + states["deferred"]) == (0, 60)
    assert {reader.status.value for reader in readers.everyone(service.engine)} == {"active"}


def test_a_relay_that_was_busy_gets_everything_within_minutes(service):
    service.admits_many(60)
    busy = [True]
    answer = lambda line: "450 4.3.2 system not accepting network messages" if busy[0] else "250 ok"  # noqa: E731
    with LyingRelay(RCPT=answer) as service.mail_server:
        with pytest.raises(RelayAway):
            service.sends()
        busy[0] = False
        for _ in range(5):
            service.now += RELAY_REST
            service.delivers()
    assert ledger.counts(service.engine)["sent"] == 60


def test_a_relay_that_minds_our_account_is_told_to_the_operator(service):
    service.admits_many(20)
    reply = "454 4.7.0 daily quota exceeded for <me@example.org>"
    with LyingRelay(RCPT=reply) as service.mail_server, pytest.raises(RelayAway):
        service.sends()
    [line] = delivery.troubles(service.engine, service.now).values()
    assert "daily quota exceeded" in line
    assert "me@example.org" not in line


@pytest.fixture
def resting(service):
    """A service whose only relay was away, and may be tried now."""
    routing.open_circuits(service.engine, {service.post().route.relays[0]: "421 not now"}, service.now)
    service.now += RELAY_REST
    return service


def test_what_brings_no_mail_does_not_use_up_the_one_try_of_a_relay(resting):
    """A relay that is back would rest on, longer each time, for readers who get nothing."""
    resting.admits_many(3)
    delivery.plan(resting.engine, resting.now)
    resting.runs("UPDATE readers SET status = 'paused' WHERE id < 3")
    assert resting.delivers() == {State.SKIPPED: 2, State.SENT: 1}
    assert breakers.known(resting.engine) == {}


def test_a_relay_that_nothing_waits_for_rests_no_longer_than_it_did(resting):
    before = breakers.known(resting.engine)
    assert before
    assert resting.delivers() == {}
    assert breakers.known(resting.engine) == before
