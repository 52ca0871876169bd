"""Who takes the mail of a domain, by a real name server, and without one."""

import threading
import time

import pytest
from dns.resolver import Resolver
from hypothesis import given
from hypothesis import strategies as st

from digest.transport import providers
from digest.transport.providers import Providers, organisational, provider_of
from tests.support.name_server import NameServer

RECORDS = {
    ("yahoo.example", "MX"): ["1 mta5.am0.yahoodns.example.", "1 mta6.am0.yahoodns.example."],
    ("rocketmail.example", "MX"): ["10 mta7.am0.yahoodns.example."],
    ("own.example", "MX"): ["10 mail.own.example."],
    ("null.example", "MX"): ["0 ."],
    ("none.example", "TXT"): ['"nothing here"'],
}


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("mta5.am0.yahoodns.net.", "yahoodns.net"),
        ("hotmail-com.olc.protection.outlook.com", "outlook.com"),
        ("mx.mail.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("MX.T-Online.DE", "t-online.de"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_an_organisation_answers_for_all_below_its_name(name, of):
    assert organisational(name) == of


@pytest.mark.parametrize(
    "exchangers",
    [
        [(10, "mx.evil.example"), (20, "aspmx.l.google.com")],
        [(10, "mx.evil.example")],
        [],
        [(0, ".")],
        [(10, "mx.evil.example"), (10, "aspmx.l.google.com")],
    ],
)
def test_a_domain_that_answers_itself_makes_no_stranger_answer_for_it(exchangers):
    assert provider_of("evil.example", exchangers) == "evil.example"


def test_who_steps_in_when_a_provider_is_away_does_not_hide_it():
    assert (
        provider_of("shop.example", [(10, "mx1.big.example"), (10, "mx2.big.example"), (20, "isp.net")])
        == "big.example"
    )


@given(st.lists(st.tuples(st.integers(0, 65_535), st.text(max_size=30))))
def test_no_records_break_it(exchangers):
    assert isinstance(provider_of("a.example", exchangers), str)


def test_a_provider_is_known_once_it_was_asked_for_and_nobody_waited():
    with NameServer(RECORDS) as server:
        known = Providers(server.resolver)
        assert known.of("yahoo.example") == "yahoo.example"
        for domain in ("rocketmail.example", "own.example", "null.example", "none.example", "nxdomain.example"):
            known.of(domain)
        known.learnt()
        assert known.of("yahoo.example") == known.of("rocketmail.example") == "yahoodns.example"
        for domain in ("own.example", "null.example", "none.example", "nxdomain.example"):
            assert known.known(domain) == domain


def test_a_name_server_that_is_away_or_slow_holds_up_nobody(monkeypatch):
    silent, over = threading.Event(), threading.Event()

    class Slow(Resolver):
        def resolve(self, *_, **__):
            silent.set()
            over.wait(20)
            raise OSError("away")

    monkeypatch.setattr(providers, "MOST_ASKED", 3)
    known = Providers(lambda: Slow(configure=False))
    before = time.process_time()
    assert [known.of(f"a{number}.example") for number in range(50)] == [f"a{number}.example" for number in range(50)]
    assert silent.wait(20)
    assert time.process_time() - before < 5
    assert len(known._waiting) <= 4
    over.set()
    known.learnt()
    assert known.of("a0.example") == "a0.example"


@pytest.mark.parametrize(
    "domain", ["", "a", "a..b", "x" * 300 + ".example", "a b.example", "a\x00.example", "..", "é.例"]
)
def test_a_domain_that_cannot_be_asked_for_is_its_own_provider(domain):
    with NameServer({}) as server:
        known = Providers(server.resolver)
        known.of(domain)
        known.learnt()
        assert known.of(domain) == domain


def test_what_is_known_has_a_bound(monkeypatch):
    monkeypatch.setattr(providers, "MOST_KNOWN", 3)
    with NameServer(RECORDS) as server:
        known = Providers(server.resolver)
        for number in range(9):
            known.of(f"a{number}.example")
        known.learnt()
        assert len(known._known) == 3
