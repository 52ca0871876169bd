"""Amazon SES, against a server that checks signatures and answers as theirs does, or does not."""

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import bounces
from digest.bounces import Trouble
from digest.domain import Mail, State, VerdictKind
from digest.jobs import blame
from digest.jobs.blame import Blame
from digest.settings.servers import Relay
from digest.transport import ses
from digest.transport.senders import Unclear
from digest.transport.ses_answers import MEANS, STATUSES, Answer, refusal, reply_of
from digest.transport.sigv4 import Credentials, signed
from digest.transport.smtp import FAILURES_TO_REST
from tests.support.lying_relay import Certificate
from tests.support.sending import mails, sent
from tests.support.ses_server import KEY, REGION, SECRET, SesServer, answer
from tests.support.ses_server import refusal as refused

NAME = f"ses:{REGION}"


# The example of Amazon's suite.
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo"
    "IYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5V"
    "SXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yj"
    "c8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)


@pytest.mark.parametrize(
    ("method", "headers", "body", "token", "signature"),
    [
        ("GET", {}, b"", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, b"", TOKEN, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
        (
            "POST",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"Param1=value1",
            "",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
)
def test_a_request_is_signed_as_in_amazons_own_examples(method, headers, body, token, signature):
    """`get-vanilla`, `post-sts-header-before` and `post-x-www-form-urlencoded` of the suite that Amazon publishes."""
    who = Credentials(KEY, SECRET, "us-east-1", "service", token)
    headers = {"Host": "example.amazonaws.com", **headers}
    proven = signed(method, "/", headers, body, who, datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    assert proven["Authorization"].endswith(f"Signature={signature}")


def test_credentials_do_not_show_the_secret():
    shown = repr(Credentials(KEY, SECRET, REGION, "ses", TOKEN))
    assert SECRET not in shown
    assert TOKEN not in shown


def test_every_mail_arrives_once_and_its_id_is_kept():
    with SesServer() as server:
        results = sent(mails(30), server, connections=3)
    assert {result.state for result in results.values()} == {State.SENT}
    assert sorted(server.recipients) == sorted(mail.recipient for mail in mails(30))
    assert {result.reason for result in results.values()} == {
        f"200 0102018f-{number:06}-000000" for number in range(1, 31)
    }
    assert (server.unproven, server.connections <= 4) == (0, True)


def test_a_mail_arrives_as_it_was_but_for_our_signature_which_would_be_broken():
    head = b"DKIM-Signature: v=1; a=rsa-sha256;\r\n b=abc\r\n def\r\nSubject: hello\r\n"
    body = b"\r\nDKIM-Signature: is no header here\r\n"
    with SesServer() as server:
        sent([Mail(1, "bounce+x@example.org", "ada@example.org", head + body)], server)
    assert server.mails == [("ada@example.org", b"Subject: hello\r\n" + body)]
    assert server.asked[0]["FeedbackForwardingEmailAddress"] == "bounce+x@example.org"
    assert "FromEmailAddress" not in server.asked[0]


def test_a_configuration_set_is_named_with_each_mail():
    with SesServer() as server:

        class Named:
            url = f"{server.url}&configuration_set=digests"

        sent(mails(1), Named)
    assert server.asked[0]["ConfigurationSetName"] == "digests"


def test_a_key_that_holds_for_hours_is_sent_with_its_token():
    with SesServer(token=TOKEN) as server:

        class OfHours:
            url = f"{server.url}&session_token={TOKEN}"

        [result] = sent(mails(1), OfHours).values()
    assert (result.state, server.unproven) == (State.SENT, 0)
    with pytest.raises(ValueError, match="session token that came with the key") as refused_token:
        Relay.at(f"{OfHours.url}%20%3Chush%3E")
    assert "hush" not in str(refused_token.value)


def test_an_address_that_ses_cannot_be_told_is_a_final_refusal():
    wide = [Mail(1, "d@example.org", "jürgen@example.org", b"\r\n"), *mails(3)[1:]]
    with SesServer() as server:
        results = sent(wide, server, connections=1)
    assert [results[number].state for number in (1, 2, 3)] == [State.FAILED, State.SENT, State.SENT]
    assert "needs SMTPUTF8" in results[1].reason


@pytest.mark.parametrize(
    ("address", "goes"),
    [
        ("o'neil+x=1/2@example.org", True),
        ('"a, b"@example.org', True),
        ("a,b@example.org", False),
        ("a;b@example.org", False),
        ("ada@example.org,eve@example.org", False),
        ("Ada<ada@example.org>", False),
        ("group:ada@example.org", False),
        ("=?utf-8?q?a=2Cb?=@example.org", False),
        ("ada@example.org\r\n", False),
        ('"a\r\nb"@example.org', False),
        ("ada@[192.0.2.1]", False),
        ("ada", False),
        ("", False),
    ],
)
def test_one_address_never_becomes_two(address, goes):
    with SesServer() as server:
        [result] = sent([Mail(1, "d@example.org", address, b"\r\n")], server).values()
    assert result.state is (State.SENT if goes else State.FAILED)
    assert server.recipients == ([address] if goes else [])


@pytest.mark.parametrize(("trusted", "state"), [(True, State.SENT), (False, State.QUEUED)])
def test_who_cannot_prove_to_be_amazon_gets_no_mail(trusted, state, tmp_path, monkeypatch):
    certificate = Certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file if trusted else Certificate(tmp_path, "x").file))
    with SesServer(certificate=certificate) as server:
        [result] = sent(mails(1), server).values()
    assert (result.state, len(server.asked)) == (state, int(trusted))


# What each answer of theirs means: how the mail stands, and whose trouble it is.
ANSWERS = [
    (429, "TooManyRequestsException", "Maximum sending rate exceeded.", State.DEFERRED, Blame.RELAY),
    (400, "ThrottlingException", "Rate exceeded", State.DEFERRED, Blame.RELAY),
    (429, "TooManyRequestsException", "Daily message quota exceeded.", State.DEFERRED, Blame.ACCOUNT),
    (400, "LimitExceededException", "", State.DEFERRED, Blame.ACCOUNT),
    (400, "AccountSuspendedException", "", State.FAILED, Blame.ACCOUNT),
    (400, "SendingPausedException", "Sending is paused for this account.", State.FAILED, Blame.ACCOUNT),
    (400, "MailFromDomainNotVerifiedException", "", State.FAILED, Blame.SENDER),
    (
        400,
        "MessageRejected",
        "Email address is not verified. The following identities failed the check in region EU-WEST-1: ada@x.org",
        State.FAILED,
        Blame.ACCOUNT,
    ),
    (400, "MessageRejected", "Sending suspended for this account.", State.FAILED, Blame.ACCOUNT),
    (400, "MessageRejected", "Transaction failed: user unknown content", State.FAILED, None),
    (400, "BadRequestException", "Missing final '@domain'", State.FAILED, None),
    (404, "NotFoundException", "Configuration set <x> does not exist.", State.FAILED, Blame.ACCOUNT),
    (403, "SignatureDoesNotMatch", "The request signature we calculated does not match", State.FAILED, Blame.ACCOUNT),
    (403, "", "<html>blocked</html>", State.FAILED, Blame.ACCOUNT),
    (400, "NoSuchThingYetException", "no such user", State.DEFERRED, Blame.RELAY),
    (400, "com.amazonaws.ses#MessageRejected:http://internal/", "virus", State.FAILED, None),
    (500, "InternalFailure", "", State.DEFERRED, Blame.RELAY),
    (503, "ServiceUnavailable", "user unknown", State.DEFERRED, Blame.RELAY),
    (302, "", "", State.DEFERRED, Blame.RELAY),
]


@pytest.mark.parametrize(("status", "error", "message", "state", "whose"), ANSWERS)
def test_an_answer_means_what_the_reply_of_a_relay_would(status, error, message, state, whose):
    with SesServer(lambda recipient, peer: refused(status, error, message)) as server:
        [result] = sent(mails(1), server).values()
    assert (result.state, blame.of_words(result.reason)) == (state, whose)
    # Nothing of it is ever counted against a reader, nor slows the reader's own provider.
    trouble = bounces.trouble_of_reply(result.reason)
    assert trouble in (Trouble.OURS, Trouble.RELAY)
    assert trouble is Trouble.RELAY or bounces.of_reply(result.reason).kind is VerdictKind.SENDER_FAULT


@given(
    status=st.sampled_from([400, 401, 403, 404, 408, 413, 429, 500, 503, 301]),
    error=st.sampled_from([*MEANS, "", "a b", "É#:", "UserUnknown"]),
    message=st.sampled_from(
        ["550 5.1.1 user unknown", "mailbox full", "no such user", "greylisted, try again", "\x00\r\n", "x" * 9999]
    ),
)
def test_no_words_of_theirs_turn_an_answer_into_a_readers_fault(status, error, message):
    words = refusal(Answer(status, error, b'{"message": ' + repr(message).replace("'", '"').encode() + b"}"))
    assert bounces.trouble_of_reply(words) in (Trouble.OURS, Trouble.RELAY)
    assert len(words) < 1_000
    assert words.isprintable()


def test_the_name_of_an_error_may_stand_in_the_body():
    assert refusal(Answer(400, "", b'{"__type":"SendingPausedException"}')).startswith("554 5.7.750 SendingPaused")


def test_throttling_of_mail_after_mail_opens_the_circuit_and_one_does_not():
    often = refused(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
    fault = {"is_relays_fault": lambda words: blame.of_words(words) is not None}
    with SesServer(lambda recipient, peer: often) as server:
        results = sent(mails(30), server, connections=1, failures=[NAME], **fault)
    states = [result.state for result in results.values()]
    assert states.count(State.DEFERRED) == FAILURES_TO_REST
    assert states.count(State.QUEUED) == 30 - FAILURES_TO_REST
    with SesServer(lambda recipient, peer: often if recipient.startswith("reader2@") else None) as server:
        assert len(server.mails) == 0
        sent(mails(9), server, connections=1, **fault)
        assert len(server.mails) == 8


def test_who_is_away_has_begun_nothing():
    server = SesServer()
    with server:
        pass
    results = sent(mails(8), server, connections=1, failures=[NAME])
    assert {result.state for result in results.values()} == {State.QUEUED}


def _cut(recipient, peer):
    peer.sendall(answer(fields={"MessageId": "1"})[:-9])
    return b""


def _silent(recipient, peer):
    peer.recv(1)
    return b""


def _dripping(recipient, peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    for letter in b"X-Never-Ending: " + b"z" * 1000:
        peer.sendall(bytes([letter]))
        if _over.wait(0.02):
            break
    return b""


_over = threading.Event()


@pytest.mark.parametrize(
    "script",
    [
        lambda recipient, peer: b"",
        _cut,
        _silent,
        _dripping,
        lambda recipient, peer: b"220 mail.example.org ESMTP\r\n",
        lambda recipient, peer: answer(body=b"<html>welcome to this network</html>"),
        lambda recipient, peer: answer(body=b"[" * 50_000),
        lambda recipient, peer: answer(fields={"MessageId": 7}),
        lambda recipient, peer: answer(fields={"MessageId": "x\r\ny"}),
        lambda recipient, peer: answer(204, body=b""),
        lambda recipient, peer: answer(fields={"MessageId": "1", "more": "y" * 1_000_000}),
        lambda recipient, peer: answer(504, body=b"gateway"),
    ],
    ids=["hangs-up", "cut", "silent", "dripping", "smtp", "junk", "nested", "number", "lines", "empty", "huge", "504"],
)
def test_what_says_neither_yes_nor_no_leaves_the_mail_in_doubt(script, monkeypatch):
    monkeypatch.setattr(ses, "SECONDS_FOR_AN_ANSWER", 0.3)
    monkeypatch.setattr(ses, "SECONDS_TO_CONNECT", 0.3)
    _over.clear()
    with SesServer(lambda recipient, peer: script(recipient, peer) if "reader1@" in recipient else None) as server:
        results = sent(mails(2), server, connections=1)
        _over.set()
    assert (results[1].state, results[2].state) == (State.UNCERTAIN, State.SENT)


def test_a_gateway_does_not_know():
    with pytest.raises(Unclear):
        reply_of(Answer(502, "", b""))
    assert 403 in STATUSES


@pytest.mark.parametrize("url", ["ses://AK:se%2Fc@eu-west-1", "ses://AK:s@us-gov-east-1?rate=14&per_day=9"])
def test_a_relay_of_amazons_is_read_from_its_url(url):
    relay = Relay.at(url)
    assert (relay.username, relay.api, relay.in_the_clear) == ("AK", "ses", False)
    assert relay.endpoint == f"https://email.{relay.host}.amazonaws.com"
    assert str(relay) == f"ses:{relay.host}"


@pytest.mark.parametrize(
    "url",
    [
        "ses://eu-west-1",
        "ses://AK:s@",
        "ses://AK:s@localhost",
        "ses://AK@eu-west-1",
        "ses://AK:s@eu-west-1?endpoint=ftp://x",
        "ses://AK:s@eu-west-1?configuration_set=a b",
        "smtp://mail.example.org?endpoint=https://x",
    ],
)
def test_one_that_names_no_region_or_nobody_is_refused(url):
    with pytest.raises(ValueError, match="give|not an option"):
        Relay.at(url)
