"""The sender, against a real SMTP server that behaves as it is told."""

import signal
import threading
import time

import pytest

from digest.domain import Mail, State
from digest.settings.servers import Broker
from digest.transport import relay as relays
from digest.transport import session
from digest.transport.rate import SendingRate
from digest.transport.smtp import FAILURES_TO_REST, MOST_UNWRITTEN, Relay, Route, send_all
from tests.support.lying_relay import Certificate, LyingRelay
from tests.support.sending import CONTENT, mails, route, sent


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
    sent(mails(7), mail_server, connections=1, mails_per_connection=3)
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
    results = sent(mails(3), mail_server, failures=["127.0.0.1:1"])
    assert {result.state for result in results.values()} == {State.QUEUED}
    assert "Connect" in results[1].reason


def test_an_address_that_is_not_ascii_goes_to_a_relay_that_can(mail_server):
    wide = [Mail(1, "digest@example.org", "jürgen@example.org", CONTENT)]
    assert sent(wide, mail_server)[1].state is State.SENT
    assert mail_server.recipients == ["jürgen@example.org"]


def said(relay, verb):
    return [line for piece in relay.heard for line in piece.splitlines() if line.startswith(verb)]


def test_a_relay_without_smtputf8_is_told_a_domain_in_ascii_and_no_local_part_that_is_not():
    wide = [
        Mail(1, "d@example.org", "ada@bücher.example", CONTENT),
        Mail(2, "d@example.org", "jürgen@a.example", CONTENT),
    ]
    with LyingRelay() as relay:
        results = sent(wide, relay, connections=1)
    assert [results[number].state for number in (1, 2)] == [State.SENT, State.FAILED]
    assert "needs SMTPUTF8, which the relay does not offer" in results[2].reason
    assert said(relay, "RCPT") == ["RCPT TO:<ada@xn--bcher-kva.example>"]
    assert "SMTPUTF8" not in said(relay, "MAIL")[0]


@pytest.mark.parametrize(("offers", "state"), [("250-8BITMIME\n", State.SENT), ("", State.FAILED)])
def test_eight_bits_go_only_where_they_are_offered(offers, state):
    wide = [Mail(1, "d@example.org", "ada@example.org", CONTENT + "é\r\n".encode())]
    with LyingRelay(EHLO=f"250-relay\n{offers}250 PIPELINING") as relay:
        assert sent(wide, relay, connections=1)[1].state is state
    assert [line.endswith(" BODY=8BITMIME") for line in said(relay, "MAIL")] == ([True] if offers else [])


def test_replies_about_the_relay_to_mail_after_mail_are_its_own_trouble():
    with LyingRelay(RCPT="450 4.3.2 system not accepting network messages") as relay:
        port = relay.url.rpartition(":")[2]
        fault = {"is_relays_fault": lambda words: "4.3.2" in words}
        results = sent(mails(30), relay, connections=2, failures=[f"localhost:{port}"], **fault)
    states = [result.state for result in results.values()]
    assert states.count(State.DEFERRED) < 10
    assert set(states) == {State.DEFERRED, State.QUEUED}


@pytest.mark.parametrize("times", [1, 2])
def test_a_round_that_is_stopped_accounts_for_every_mail(mail_server, times):
    results, pressed = [], []

    def stop():
        if len(mail_server.mails) > 3 and not pressed:
            pressed.append(True)
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return True

    with pytest.raises(KeyboardInterrupt):
        send_all(mails(40), route(mail_server, connections=2, may_begin=stop), results.extend)
    assert sorted(result.delivery_id for result in results) == list(range(1, 41))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_third_interrupt_ends_it_whatever_is_not_written_down():
    def never_ends():
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        pytest.fail("it went on")

    with LyingRelay() as relay, pytest.raises(KeyboardInterrupt):
        send_all(mails(1), route(relay, may_begin=never_ends), lambda _: None)


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


def test_a_relay_that_pipelines_is_waited_for_once_a_mail():
    """The next mail's envelope comes with the last dot of the one before (RFC 2920 3.1)."""
    with LyingRelay() as relay:
        assert {result.state for result in sent(mails(20), relay, connections=1).values()} == {State.SENT}
    envelopes = [piece for piece in relay.heard if piece.startswith("MAIL")]
    assert [piece.count("\r\n") for piece in envelopes] == [3] * 20
    assert [mail + b"\r\n" for mail in relay.mails] == [CONTENT.replace(b"\r\n.", b"\r\n..")] * 20
    # Hello, the first envelope, the mails, goodbye.
    assert relay.turns == 1 + 1 + 20 + 1


def test_a_recipient_refused_in_a_pipeline_costs_no_other_its_mail():
    refusing = {"RCPT": lambda line: "550 5.1.1 no" if "reader2@" in line else "250 ok"}
    with LyingRelay(**refusing) as relay:
        results = sent(mails(3), relay, connections=1)
    assert [result.state for result in results.values()] == [State.SENT, State.FAILED, State.SENT]
    # DATA went along and was granted: what ends it is an empty mail to nobody.
    assert [bool(mail) for mail in relay.mails] == [True, False, True]


def test_a_refused_pipeline_whose_data_is_refused_too_begins_anew():
    with LyingRelay(MAIL="451 4.3.0 later", DATA="503 no recipients") as relay:
        results = sent(mails(1), relay, connections=1)
    assert (results[1].state, results[1].reason) == (State.DEFERRED, "451 4.3.0 later")
    assert "RSET" in relay.verbs


def test_silence_after_the_dot_is_uncertain_when_patience_ends(monkeypatch):
    monkeypatch.setattr(session, "SECONDS_AFTER_THE_DOT", 0.2)
    pause = threading.Event()
    with LyingRelay(DOT=lambda line: (pause.wait(20) and "250 at last") or "250 late") as relay:
        results = sent(mails(1), relay, connections=1)
        pause.set()
    assert (results[1].state, results[1].reason) == (State.UNCERTAIN, "Timed out waiting for a reply")


@pytest.mark.parametrize("reply", ["I am no relay", "250"])
def test_what_is_no_reply_after_the_dot_is_no_delivery_to_count_on(reply):
    with LyingRelay(DOT=reply) as relay:
        state = sent(mails(1), relay, connections=1)[1].state
    assert state is (State.SENT if reply == "250" else State.UNCERTAIN)


@pytest.mark.parametrize("lines", ["250-\n" * 200_000, "250-x\n" * 200_000, "\n" * 200_000, "x" * 40_000])
@pytest.mark.parametrize(("when", "state"), [("MAIL", State.DEFERRED), ("DOT", State.UNCERTAIN)])
def test_a_reply_without_end_is_hung_up_on_whatever_its_lines_say(lines, when, state):
    with LyingRelay(**{when: f"{lines}250 ok"}) as relay:
        assert sent(mails(1), relay, connections=1)[1].state is state


def test_what_a_relay_says_has_no_characters_that_a_database_or_a_terminal_would_mind():
    with LyingRelay(DOT="250 taken \x00\x1b[2J \u009bby us") as relay:
        reason = sent(mails(1), relay, connections=1)[1].reason
    assert " ".join(reason.split()) == "250 taken [2J by us"
    assert reason.isprintable()


def test_an_address_that_cannot_be_said_fails_alone(mail_server):
    addresses = ['"a> b"@example.org', "a@b> SIZE=1 <c", "a@b\r\nRSET", "a b@example.org", "<>"]
    everybody = [Mail(number, "d@example.org", address, CONTENT) for number, address in enumerate(addresses, 1)]
    results = sent(everybody, mail_server, connections=1)
    assert [result.state for result in results.values()] == [State.SENT, *[State.FAILED] * 4]
    assert len(mail_server.mails) == 1


def test_a_demanded_upgrade_with_a_known_certificate_is_made(monkeypatch, tmp_path):
    certificate = Certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with LyingRelay(certificate) as relay:
        relay.url = relay.url.replace("smtp://", "smtp+starttls://")
        assert sent(mails(1), relay)[1].state is State.SENT


LIES = {
    "it no longer offers it": ({"EHLO": "250-relay\n250 PIPELINING"}, "localhost", True),
    "it offers it and then will not": ({"STARTTLS": "454 4.7.0 TLS not available"}, "localhost", True),
    "it says yes and goes on in the clear": ({"STARTTLS": "220 go ahead\n250 ok"}, None, True),
    "its certificate is somebody else's": ({}, "elsewhere.example.org", True),
    "nobody knows who signed its certificate": ({}, "localhost", False),
}


@pytest.mark.parametrize(("script", "name", "trusted"), LIES.values(), ids=LIES)
def test_a_relay_that_lies_about_tls_gets_no_mail_and_no_password(monkeypatch, tmp_path, script, name, trusted):
    monkeypatch.setattr(relays, "SECONDS_FOR_A_REPLY", 2.0)
    certificate = Certificate(tmp_path, name) if name else None
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file if certificate else Certificate(tmp_path, "x").file))
    with LyingRelay(certificate, **script) as relay:
        port = relay.url.rpartition(":")[2]
        relay.url = f"smtp+starttls://me:secret@localhost:{port}"
        results = sent(mails(2), relay, connections=1, failures=[f"localhost:{port}"])
    assert {result.state for result in results.values()} == {State.QUEUED}
    assert not {"MAIL", "AUTH", "RCPT", "DATA"} & set(relay.verbs)


def test_several_relays_share_the_connections_by_their_weight():
    with LyingRelay() as strong, LyingRelay() as weak:
        strong.url += "?weight=3"
        sent(mails(24), strong, weak, connections=1, mails_per_connection=3)
    assert (len(strong.mails), len(weak.mails)) == (18, 6)


def test_when_one_of_two_relays_is_away_the_other_takes_all(mail_server):
    with LyingRelay() as away:
        pass
    port = away.url.rpartition(":")[2]
    results = sent(mails(9), away, mail_server, failures=[f"localhost:{port}"])
    assert {result.state for result in results.values()} == {State.SENT}


def test_a_relay_that_hangs_up_on_mail_after_mail_is_left_alone(mail_server):
    mail_server.hang_up_after_data()
    port = mail_server.url.rpartition(":")[2]
    results = sent(mails(20), mail_server, connections=1, failures=[f"127.0.0.1:{port}"])
    states = [result.state for result in results.values()]
    assert states == [State.UNCERTAIN] * FAILURES_TO_REST + [State.QUEUED] * (20 - FAILURES_TO_REST)


def test_a_ledger_that_cannot_be_written_stops_the_sending(mail_server):
    def broken(results):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        send_all(mails(300), route(mail_server, connections=4), broken)
    assert len(mail_server.mails) <= MOST_UNWRITTEN + 2 * 4


def test_no_mail_is_begun_that_could_end_after_its_lease(mail_server):
    results = sent(mails(3), mail_server, may_begin=lambda: False)
    assert {result.state for result in results.values()} == {State.QUEUED}
    assert mail_server.mails == []


def test_the_pace_holds_for_all_who_count_at_the_same_broker(mail_server, broker):
    def send(numbers):
        rate = SendingRate(20, Broker(broker, "digest-one"))
        send_all(numbers, route(mail_server, connections=2, rate=rate), lambda results: None)

    everybody = mails(50)
    started = time.monotonic()
    together = [threading.Thread(target=send, args=(everybody[half::2],)) for half in (0, 1)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert len(mail_server.mails) == 50
    # Twenty at once, and twenty in each second after that.
    assert time.monotonic() - started >= 1.0


def test_without_the_broker_each_process_keeps_the_pace_alone(mail_server):
    rate = SendingRate(20, Broker("redis://127.0.0.1:1/0", "digest-one"))
    started = time.monotonic()
    results = []
    send_all(mails(30), route(mail_server, rate=rate), results.extend)
    assert {result.state for result in results} == {State.SENT}
    assert time.monotonic() - started >= 1.0
