"""Connections that stay open from one group to the next, against real servers."""

import pytest

from digest.domain import Mail, State
from digest.transport import kept as keeping
from digest.transport import pace
from digest.transport.smtp import Kept, Relay, Route, send_all
from tests.support.lying_relay import LyingRelay

CONTENT = b"Subject: hello\r\nFrom: a@example.org\r\n\r\nend\r\n"


def mails(count):
    return [Mail(number, "digest@example.org", f"r{number}@example.org", CONTENT) for number in range(1, count + 1)]


def route(*servers, connections=4, **more):
    return Route(tuple(Relay.at(server.url) for server in servers), connections, **more)


@pytest.fixture
def kept():
    with Kept() as kept:
        yield kept


def states(count, route, kept, failures=0):
    results = []
    assert len(send_all(mails(count), route, results.extend, kept)) == failures
    assert sorted(result.delivery_id for result in results) == list(range(1, count + 1))
    return [result.state for result in results]


def test_the_next_group_goes_on_the_connections_of_the_last(mail_server, kept):
    for _ in range(3):
        assert states(40, route(mail_server), kept) == [State.SENT] * 40
    assert mail_server.most_at_once == mail_server.connections == 4


def test_a_connection_carries_its_number_of_mails_over_all_groups(mail_server, kept):
    for _ in range(4):
        states(2, route(mail_server, connections=1, mails_per_connection=4), kept)
    assert mail_server.connections == 2


def test_few_mails_to_a_quick_relay_open_one_connection(mail_server, kept, monkeypatch):
    monkeypatch.setattr(pace, "SECONDS_UNTIL_SLOW", 60)
    states(10, route(mail_server), kept)
    assert mail_server.connections == 1


def test_slow_relays_get_all_connections(mail_server, kept, monkeypatch):
    monkeypatch.setattr(pace, "SECONDS_UNTIL_SLOW", 0)
    states(10, route(mail_server), kept)
    assert mail_server.connections == 4


def test_what_is_too_many_or_idle_for_long_is_closed(mail_server, kept, monkeypatch):
    states(40, route(mail_server), kept)
    kept.reduce(2)
    assert len(kept) == 2
    states(1, route(mail_server, connections=1), kept)
    assert len(kept) == 1
    monkeypatch.setattr(keeping, "MOST_IDLE_SECONDS", 0)
    send_all([], route(mail_server), lambda results: None, kept)
    assert len(kept) == 0


def test_a_relay_that_is_not_used_any_more_is_left(mail_server, kept):
    with LyingRelay() as other:
        states(4, route(other), kept)
        states(4, route(mail_server), kept)
        assert other.verbs[-1] == "QUIT"


def test_one_that_was_closed_meanwhile_is_opened_again_and_nobody_minds(kept):
    """The relay says so when the next mail is named: nothing of it was begun, and the relay is not at fault."""
    asked = []

    def mail(line):
        asked.append(line)
        return "421 4.4.2 timeout" if len(asked) == 2 else "250 ok"

    with LyingRelay(MAIL=mail) as relay:
        way = route(relay, connections=1, failures_to_rest=1)
        assert states(1, way, kept) == [State.SENT]
        assert states(2, way, kept) == [State.SENT] * 2
        assert relay.verbs.count("EHLO") == 2
        assert len(relay.mails) == 3


def test_one_that_hangs_up_again_at_once_counts(kept):
    asked = []

    def mail(line):
        asked.append(line)
        return "250 ok" if len(asked) == 1 else "421 not now"

    with LyingRelay(MAIL=mail) as relay:
        way = route(relay, connections=1, failures_to_rest=1)
        assert states(1, way, kept) == [State.SENT]
        assert states(1, way, kept, failures=1) == [State.DEFERRED]
        assert len(asked) == 3


def test_one_that_was_lost_after_the_dot_stays_uncertain(mail_server, kept):
    """A connection that rested makes no difference to what may have arrived."""
    way = route(mail_server, connections=1)
    assert states(1, way, kept) == [State.SENT]
    mail_server.hang_up_after_data()
    assert states(1, way, kept) == [State.UNCERTAIN]
