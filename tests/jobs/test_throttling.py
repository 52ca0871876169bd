"""Who is sent less for a while: domains, the provider behind several of them, and whom the settings give a rate."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import State
from digest.jobs.throttling import HEARD_FOR, Heard, Throttles, asks_for_less
from digest.settings.servers import Broker
from digest.store import breakers
from digest.transport.providers import Providers
from digest.transport.rate import LONGEST_TURN_SECONDS, DomainRates
from tests.support.factories import NOW
from tests.support.name_server import NameServer

NOWHERE = Broker("redis://127.0.0.1:1/0", "digest-one")
SLOW = "421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume"
MINUTE = timedelta(minutes=1)
YAHOOS = ["yahoo.example", "aol.example", "ymail.example", "rocketmail.example"]
RECORDS = {(name, "MX"): ["10 mta5.am0.yahoodns.example."] for name in YAHOOS} | {
    ("own.example", "MX"): ["10 mx.own.example."]
}


def heard(slow, fine):
    return {f"slow{n}.example": Heard(NOW, NOW) for n in range(slow)} | {
        f"fine{n}.example": Heard(NOW) for n in range(fine)
    }


@pytest.mark.parametrize(
    ("slow", "fine", "asks"),
    [(3, 0, True), (3, 3, True), (3, 4, False), (2, 0, False), (40, 100, False), (0, 9, False)],
)
def test_a_provider_asks_for_less_when_several_of_its_domains_do_and_not_while_most_are_served(slow, fine, asks):
    assert asks_for_less(heard(slow, fine), NOW) is asks


def test_many_names_of_one_organisation_are_one():
    one = {f"a{number}.evil.example": Heard(NOW, NOW) for number in range(50)}
    assert not asks_for_less(one, NOW)


def test_what_was_long_ago_no_longer_counts():
    assert not asks_for_less(heard(9, 0), NOW + HEARD_FOR)


@given(st.integers(0, 9), st.integers(0, 9))
def test_more_who_are_served_never_make_a_provider_ask(slow, fine):
    assert asks_for_less(heard(slow, fine), NOW) >= asks_for_less(heard(slow, fine + 1), NOW)


@pytest.fixture
def yahoo(service):
    """A reader at each of Yahoo's domains and one elsewhere, and a name server that knows them."""
    service.admits_many(0)
    for domain in [*YAHOOS, "own.example"]:
        service.admits(f"ada@{domain}", "speculative decoding")
    with NameServer(RECORDS) as server:
        providers = Providers(server.resolver)
        service.throttles = Throttles(providers)
        yield service, providers


def test_a_provider_that_minds_is_left_alone_with_all_its_domains(yahoo):
    service, providers = yahoo
    for domain in YAHOOS[:3]:
        service.mail_server.refuse(f"ada@{domain}", SLOW)
    assert service.sends() == {State.SENT: 2, State.DEFERRED: 3}
    assert set(breakers.known(service.engine)) == {f"domain {domain}" for domain in YAHOOS[:3]}
    providers.learnt()
    service.now += 10 * MINUTE
    service.admits("bob@ymail.example", "speculative decoding")
    service.mail_server.refuse("bob@ymail.example", SLOW)
    service.sends()
    assert "provider yahoodns.example" in breakers.known(service.engine)
    service.now += MINUTE
    service.admits("eve@rocketmail.example", "speculative decoding")
    service.admits("eve@own.example", "speculative decoding")
    assert service.sends() == {State.SENT: 1}
    [eve] = service.of("eve@rocketmail.example")
    assert eve.reason.startswith("provider yahoodns.example is slowed: 421 4.7.0")
    assert eve.state is State.QUEUED


def test_one_domain_that_minds_slows_no_provider_however_often(yahoo):
    service, providers = yahoo
    service.mail_server.refuse("ada@yahoo.example", SLOW)
    service.sends()
    providers.learnt()
    for number in range(5):
        service.now += 6 * MINUTE
        service.admits(f"a{number}@yahoo.example", "speculative decoding")
        service.mail_server.refuse(f"a{number}@yahoo.example", SLOW)
        service.sends()
    assert set(breakers.known(service.engine)) == {"domain yahoo.example"}


def test_a_domain_gets_what_the_settings_let_it_have_and_the_others_go_on(service):
    service.admits_many(9)
    service.admits("ada@other.example", "speculative decoding")
    rates = DomainRates({"example.org": (4, 60)}, NOWHERE)
    service.throttles = Throttles(None, ["example.org"], rates.wait)
    assert service.sends() == {State.SENT: 5}
    waiting = [one for one in service.waiting() if one.state is State.QUEUED]
    assert len(waiting) == 5
    assert {one.reason for one in waiting} == {"example.org gets no more for now (DIGEST_DOMAIN_RATE)"}
    assert {one.attempts for one in waiting} == {0}


def test_what_brings_no_mail_takes_nobodys_turn_at_a_domain_with_a_rate(service):
    service.admits_many(1)
    for number in range(4):
        service.admits(f"nothing{number}@example.org", "underwater basket weaving")
    service.admits("last@example.org", "speculative decoding")
    service.throttles = Throttles(None, ["example.org"], DomainRates({"example.org": (2, 60)}, NOWHERE).wait)
    assert service.sends() == {State.SENT: 2, State.SKIPPED: 4}


def test_whoever_finds_no_room_gets_a_turn_of_their_own_within_an_hour():
    rates = DomainRates({"example.org": (2, 60)}, NOWHERE)
    turns = [rates.wait("example.org") for _ in range(300)]
    assert turns[:2] == [0, 0]
    assert 60 < turns[2] < 91
    assert turns[2:] == pytest.approx(sorted(turns[2:]), abs=1)
    assert max(turns) == pytest.approx(LONGEST_TURN_SECONDS)


def test_a_provider_may_have_a_rate_by_its_own_name(yahoo):
    service, providers = yahoo
    rates = DomainRates({"yahoodns.example": (2, 60)}, NOWHERE)
    service.throttles = Throttles(providers, ["yahoodns.example"], rates.wait)
    for domain in YAHOOS:
        providers.of(domain)
    providers.learnt()
    assert service.sends() == {State.SENT: 3}
    assert len([one for one in service.waiting() if one.state is State.QUEUED]) == 2
