"""The sender, against a real SMTP server that behaves as it is told."""

import pytest

from digest.deliver import Relay, Route, send_all
from digest.domain import Mail, State

CONTENT = b"Subject: hello\r\nFrom: a@example.org\r\n\r\n.a dot first\r\nend\r\n"


def mails(count):
    return [
        Mail(number, "digest@example.org", f"reader{number}@example.org", CONTENT) for number in range(1, count + 1)
    ]


def route(*servers, connections=4, **more):
    return Route(tuple(Relay.at(server.url) for server in servers), connections, **more)


def sent(mails, *servers, troubles=(), **route_of):
    """Send, and return each delivery's result; every mail must be answered for exactly once."""
    results = []
    found = send_all(mails, route(*servers, **route_of), results.extend)
    assert sorted(result.delivery_id for result in results) == [mail.delivery_id for mail in mails]
    assert [str(relay) for relay in found] == list(troubles)
    return {result.delivery_id: result for result in results}


def test_every_mail_arrives_once_and_as_it_was(mail_server):
    results = sent(mails(30), mail_server)
    assert {result.state for result in results.values()} == {State.SENT}
    assert sorted(mail_server.recipients) == sorted(mail.recipient for mail in mails(30))
    assert {content for _, content in mail_server.mails} == {CONTENT}


def test_nothing_to_send_needs_no_relay():
    nowhere = Route((Relay("127.0.0.1", 1),), 4)
    assert send_all([], nowhere, lambda results: pytest.fail(f"unasked: {results}")) == {}


def test_connections_are_shared_and_no_more_than_allowed(mail_server):
    sent(mails(60), mail_server, connections=3)
    assert mail_server.most_at_once <= 3
    assert mail_server.connections <= 5


def test_a_connection_carries_no_more_than_its_number_of_mails(mail_server):
    sent(mails(7), mail_server, connections=1, mails_a_connection=3)
    assert mail_server.connections == 3


def test_one_refused_address_leaves_the_others_alone(mail_server):
    mail_server.refuse("reader2@example.org", "550 5.1.1 No such user")
    mail_server.refuse("reader3@example.org", "450 4.2.1 Come back later")
    results = sent(mails(4), mail_server, connections=1)
    assert (results[2].state, results[2].reason) == (State.FAILED, "550 5.1.1 No such user")
    assert (results[3].state, results[3].reason) == (State.DEFERRED, "450 4.2.1 Come back later")
    assert mail_server.recipients == ["reader1@example.org", "reader4@example.org"]


@pytest.mark.parametrize(("reply", "state"), [("451 4.3.0 Later", State.DEFERRED), ("554 5.6.0 Never", State.FAILED)])
def test_the_answer_to_the_message_itself_counts(mail_server, reply, state):
    mail_server.refuse_data(reply)
    assert {result.state for result in sent(mails(3), mail_server).values()} == {state}


def test_silence_after_the_dot_is_uncertain_and_the_next_mail_gets_a_new_connection(mail_server):
    mail_server.hang_up_after_data()
    results = sent(mails(3), mail_server, connections=1)
    assert {result.state for result in results.values()} == {State.UNCERTAIN}
    assert mail_server.connections == 3


def test_a_relay_that_is_away_leaves_every_mail_queued(mail_server):
    mail_server.url = "smtp://127.0.0.1:1"
    results = sent(mails(3), mail_server, troubles=["127.0.0.1:1"])
    assert {result.state for result in results.values()} == {State.QUEUED}
    assert "Connect" in results[1].reason


def test_an_address_that_is_not_ascii_needs_a_relay_that_can(mail_server):
    wide = [Mail(1, "digest@example.org", "jürgen@example.org", CONTENT)]
    assert sent(wide, mail_server)[1].state is State.SENT
    assert mail_server.recipients == ["jürgen@example.org"]


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://localhost:4025", Relay("localhost", 4025)),
        (
            "smtps://me%40example.org:p%3Aw@mx.example.org",
            Relay("mx.example.org", None, "me@example.org", "p:w", tls=True),
        ),
        ("smtp+starttls://mx.example.org:587", Relay("mx.example.org", 587, starttls=True)),
    ],
)
def test_a_relay_is_read_from_its_url(url, relay):
    assert Relay.at(url) == relay


def test_a_relay_never_shows_its_password():
    assert "secret" not in str(Relay.at("smtps://me:secret@mx.example.org"))
