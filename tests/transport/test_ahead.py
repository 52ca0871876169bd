"""Envelopes that go right behind the last dot of the mail before: to relays that can, and to those that cannot."""

import os
import re
import signal
import threading
import time

import pytest
from aiosmtplib import SMTPResponseException, SMTPServerDisconnected
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import Mail, State
from digest.settings.servers import Broker
from digest.transport import session, smtp, waiting
from digest.transport.ahead import MOST_FAULTS, SECONDS_WITHOUT, Ahead, is_about_order
from digest.transport.rate import RelayLimits, SendingRate
from digest.transport.smtp import Relay, send_all
from tests.support import examples
from tests.support.factories import NOW
from tests.support.lying_relay import CUT, LOST, UNSEEN, LyingRelay
from tests.support.sending import mails, route, sent

A, B = Relay("a.example.org"), Relay("b.example.org")
ORDER = "503 5.5.0 improper command pipelining"


def numbered(count):
    """Mails that can be told apart."""
    return [
        Mail(number, "d@example.org", f"r{number}@example.org", b"Subject: %d\r\n\r\nend\r\n" % number)
        for number in range(1, count + 1)
    ]


def number(mail):
    found = re.fullmatch(rb"Subject: (\d+)\r\n\r\nend", mail)
    assert found, mail
    return int(found[1])


def arrived(relay):
    """The mails that the relay was given whole, in their order; an empty one, to nobody, is none."""
    return [number(mail) for mail in relay.mails if mail]


def states(results):
    return [results[number].state for number in sorted(results)]


def only_behind(relay, reply, honest="250 ok"):
    """A script that says this to what comes behind a last dot, and is honest otherwise."""
    return lambda line: reply if relay[0].is_behind else honest


# What relays, and what is in front of them, may make of commands behind the dot, without an effect on the mail before.
HARMLESS = {
    "the sender is refused": {"MAIL": ORDER},
    "the recipient is refused, as Postfix does": {"RCPT": "503 5.5.0 <r>: Recipient address rejected: Improper use"},
    "data are refused, without an enhanced code": {"DATA": "500 what was that"},
    "it says goodbye": {"MAIL": "421 4.7.0 too fast"},
    "it hangs up": {"MAIL": CUT},
    "it answers what is no SMTP": {"MAIL": "what was that"},
    "it takes data for something else": {"DATA": "250 ok"},
    "the mail before is refused for it": {".": "554 5.5.0 Error: SMTP protocol synchronization"},
}


@pytest.mark.parametrize("script", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("connections", [1, 3])
def test_a_relay_that_cannot_take_it_gets_every_mail_all_the_same(script, connections):
    found = []
    honest = {"DATA": "354 go on", ".": "250 taken"}
    replies = {verb: only_behind(found, reply, honest.get(verb, "250 ok")) for verb, reply in script.items()}
    with LyingRelay(**{"DOT" if verb == "." else verb: reply for verb, reply in replies.items()}) as relay:
        found.append(relay)
        results = sent(numbered(12), relay, connections=connections)
    assert states(results) == [State.SENT] * 12
    assert relay.verbs.count("EHLO") <= connections + MOST_FAULTS


@pytest.mark.parametrize(("kind", "most"), [(CUT, MOST_FAULTS), (UNSEEN, 1)])
@pytest.mark.parametrize("connections", [1, 3])
def test_few_mails_pay_for_a_relay_that_cannot_take_it(kind, most, connections, monkeypatch):
    """It hangs up on the dot, or does not see it: that mail is in doubt. All others wait for the first one."""
    monkeypatch.setattr(session, "SECONDS_AFTER_THE_DOT", 0.2)
    found = []
    reply = only_behind(found, CUT, "250 taken") if kind == CUT else "250 taken"
    with LyingRelay(DOT=reply, behind=kind) as relay:
        found.append(relay)
        ends = states(sent(numbered(12), relay, connections=connections))
    assert set(ends) == {State.SENT, State.UNCERTAIN}
    assert ends.count(State.UNCERTAIN) <= most


def test_a_relay_that_loses_what_is_behind_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(session, "SECONDS_FOR_A_REPLY", 0.2)
    with LyingRelay(behind=LOST) as relay:
        assert states(sent(numbered(6), relay, connections=1)) == [State.SENT] * 6
    assert relay.verbs.count("EHLO") == 2


def test_an_answer_to_the_mail_before_changes_nothing_for_what_went_ahead():
    answers = iter(["451 4.3.0 later", "250 taken", "554 5.6.0 never", "250 taken"])
    with LyingRelay(DOT=lambda line: next(answers)) as relay:
        results = sent(numbered(4), relay, connections=1)
    assert states(results) == [State.DEFERRED, State.SENT, State.FAILED, State.SENT]
    assert relay.verbs.count("EHLO") == 1


def test_a_refused_recipient_that_went_ahead_fails_alone():
    refusing = {"RCPT": lambda line: "550 5.1.1 no such user" if "r3@" in line else "250 ok"}
    with LyingRelay(**refusing) as relay:
        results = sent(numbered(5), relay, connections=1)
    assert [state.value for state in states(results)] == ["sent", "sent", "failed", "sent", "sent"]
    assert (relay.verbs.count("EHLO"), arrived(relay)) == (1, [1, 2, 4, 5])


@pytest.mark.parametrize("verb", ["RCPT", "DOT"])
def test_words_about_order_that_are_about_the_mail_end_it_all_the_same(verb):
    """Postfix says `504 5.5.2` of an address without a domain: asked again, alone, that is the answer."""
    words = "504 5.5.2 <r3>: need fully-qualified address"

    def reply(line):
        is_it = "r3@" in line if verb == "RCPT" else b" 3\r" in relay.mails[-1]
        return words if is_it else "250 ok"

    with LyingRelay(**{verb: reply}) as relay:
        results = sent(numbered(40), relay, connections=3)
    assert [one for one, result in results.items() if result.state is State.FAILED] == [3]
    assert results[3].reason == words
    assert sum("<r3@" in piece for piece in relay.heard) <= 3


def test_an_address_that_cannot_be_said_is_refused_in_its_turn():
    everybody = [*numbered(2), Mail(3, "d@example.org", "a b@example.org", b"x\r\n"), numbered(4)[3]]
    with LyingRelay() as relay:
        results = sent(everybody, relay, connections=1)
    assert [state.value for state in states(results)] == ["sent", "sent", "failed", "sent"]


@pytest.mark.parametrize("cut", ["421 4.3.2 going down", CUT])
def test_what_went_ahead_is_first_on_the_next_connection(cut):
    """A relay that says goodbye, or hangs up, after each mail: nobody's failure, and no mail is out of line."""

    def mail(line):
        return cut if relay.is_behind and arrived(relay)[-1] % 3 == 0 else "250 ok"

    with LyingRelay(MAIL=mail) as relay:
        results = sent(numbered(9), relay, connections=1, failures_to_rest=1)
    assert states(results) == [State.SENT] * 9
    assert arrived(relay) == list(range(1, 10))


@pytest.mark.parametrize("kind", ["a rate", "limits of the relay", "mails that had no answer", "no pipelining"])
def test_nothing_goes_ahead_of_its_turn(kind):
    nowhere = Broker("redis://127.0.0.1:1/0", "digest-one")
    offers = {} if kind != "no pipelining" else {"EHLO": "250 relay"}
    with LyingRelay(**offers) as relay:
        to = Relay.at(relay.url)
        ways = {
            "a rate": {"rate": SendingRate(100, nowhere)},
            "limits of the relay": {"limits": {to: RelayLimits(to, nowhere, NOW.date)}},
            "mails that had no answer": {"goes_alone": lambda mail: True},
        }
        assert states(sent(numbered(4), relay, connections=1, **ways.get(kind, {}))) == [State.SENT] * 4
    assert relay.turns == (1 + 4 * 4 + 1 if offers else 1 + 2 * 4 + 1)


def test_a_connection_that_is_at_its_last_mail_takes_no_envelope_ahead():
    with LyingRelay() as relay:
        sent(numbered(6), relay, connections=1, mails_per_connection=2)
    assert relay.verbs.count("EHLO") == relay.verbs.count("QUIT") == 3
    assert arrived(relay) == [1, 2, 3, 4, 5, 6]


def test_what_is_not_begun_any_more_leaves_no_data_behind():
    """Its envelope stands open: neither a dot nor QUIT may follow, which the relay would take for the mail."""
    with LyingRelay() as relay:
        results = sent(numbered(6), relay, connections=1, may_begin=lambda: len(relay.mails) < 3)
    assert states(results)[:3] == [State.SENT] * 3
    assert states(results)[3:] == [State.QUEUED] * 3
    assert arrived(relay) == [1, 2, 3]
    assert relay.verbs[-1] == "DATA"


def test_a_round_that_is_stopped_gives_back_what_went_ahead():
    results, gone, stopped = [], threading.Event(), []

    def stop(line):
        # The data of the second, and the envelope of the third behind it.
        if len(relay.mails) == 2 and not stopped:
            stopped.append(os.kill(os.getpid(), signal.SIGINT))
            gone.wait(20)
        return "250 taken"

    with LyingRelay(DOT=stop) as relay:
        with pytest.raises(KeyboardInterrupt):
            send_all(numbered(5), route(relay, connections=1), results.extend)
        gone.set()
    found = {result.delivery_id: result.state for result in results}
    assert found == {1: State.SENT, 2: State.UNCERTAIN, 3: State.QUEUED, 4: State.QUEUED, 5: State.QUEUED}
    assert arrived(relay) == [1, 2]


def test_a_relay_does_not_wait_for_a_ledger_that_is_away(monkeypatch):
    """The 25th may go, and the ledger does not say whether the next may: it goes alone."""
    monkeypatch.setattr(smtp, "SECONDS_TO_FOLLOW", 0.01)
    is_there = threading.Event()

    def begin(portion):
        assert portion[0].delivery_id == 1 or is_there.wait(20)
        return [mail.delivery_id for mail in portion]

    def taken(line):
        if len(relay.mails) == 25:
            is_there.set()
        return "250 taken"

    with LyingRelay(DOT=taken) as relay:
        assert states(sent(mails(30), relay, connections=1, begin=begin)) == [State.SENT] * 30


def test_replies_may_come_byte_by_byte():
    with LyingRelay(drips=True) as relay:
        assert states(sent(numbered(3), relay, connections=1)) == [State.SENT] * 3


@pytest.mark.parametrize(
    ("error", "order"),
    [
        (SMTPServerDisconnected("lost"), True),
        (TimeoutError(), True),
        (SMTPResponseException(421, "4.3.2 bye"), True),
        (SMTPResponseException(503, "bad sequence"), True),
        (SMTPResponseException(554, "5.5.1 Error: no valid recipients"), True),
        (SMTPResponseException(501, "5.1.3 bad address"), False),
        (SMTPResponseException(550, "no such user"), False),
        (SMTPResponseException(451, "4.7.1 greylisted"), False),
    ],
)
def test_what_is_about_the_place_of_an_envelope(error, order):
    assert is_about_order(error) is order


def test_the_first_is_a_trial_that_the_others_wait_for():
    known = Ahead()
    assert [known.may_go(A), known.may_go(A), known.may_go(B)] == [True, False, True]
    known.went(A)
    assert [known.may_go(A), known.may_go(A)] == [True, True]
    known.forget(B)
    assert known.may_go(B)


def test_two_faults_in_a_row_are_enough_for_an_hour(monkeypatch):
    known, cut = Ahead(), ConnectionError()
    for error in (cut, None, cut, cut):
        assert known.may_go(A)
        known.failed(A, error) if error else known.went(A)
    assert not known.may_go(A)
    assert known.may_go(B)
    monkeypatch.setattr(time, "monotonic", lambda: SECONDS_WITHOUT + 2**40)
    assert known.may_go(A)


def test_silence_ends_a_trial_at_once_and_is_a_fault_of_who_could_do_it():
    known = Ahead()
    known.failed(A, TimeoutError())
    assert not known.may_go(A)
    known.went(B)
    known.failed(B, TimeoutError())
    assert known.may_go(B)


ODD = ["250 ok", "421 4.3.2 bye", "451 4.3.0 later", "550 5.1.1 no", ORDER, "354 go on", "nonsense", CUT]
HONEST = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "DOT": "250 taken", "RSET": "250 ok"}


class OddRelay(LyingRelay):
    """Answers as it is told, reply by reply, and is honest after that; remembers what it took, and left in doubt."""

    def __init__(self, odd):
        self._odd, self._lock = iter(odd), threading.Lock()
        self.taken, self.in_doubt = [], []
        super().__init__(**{verb: self._script(verb) for verb in HONEST})

    def _script(self, verb):
        def reply(line):
            with self._lock:
                words = next(self._odd, None) or HONEST[verb]
                if verb == "DOT":
                    self._mind(self.mails[-1], words)
            return words

        return reply

    def _mind(self, mail, words):
        if mail and words[0] not in "45":
            (self.taken if words.startswith("250") else self.in_doubt).append(number(mail))


@settings(max_examples=examples.some(100), deadline=None)
@given(st.lists(st.one_of(st.none(), st.sampled_from(ODD)), max_size=40), st.sampled_from([1, 2]))
def test_whatever_a_relay_answers_every_mail_is_accounted_for_as_it_was(odd, connections):
    """What may have arrived is never said not to have, what has not is never said to have, and no mail comes twice."""
    results = []
    with OddRelay(odd) as relay:
        send_all(numbered(8), route(relay, connections=connections), results.extend)
    assert sorted(result.delivery_id for result in results) == list(range(1, 9))
    of = {state: [result.delivery_id for result in results if result.state is state] for state in State}
    assert sorted(relay.taken) == sorted(of[State.SENT])
    assert sorted(relay.in_doubt) == sorted(of[State.UNCERTAIN])


@pytest.mark.parametrize("offers", ["250 relay", "250-relay\n250 PIPELINING"], ids=["one by one", "ahead"])
def test_where_nothing_more_can_begin_what_went_is_told_and_nobody_is_blamed(monkeypatch, offers):
    monkeypatch.setattr(waiting, "AT_ONCE", 3)
    failed, results = threading.Event(), []

    def begin(portion):
        if portion[0].delivery_id == 1:
            return {mail.delivery_id for mail in portion}
        failed.set()
        raise RuntimeError("can't start new thread")

    with (
        LyingRelay(EHLO=offers, DOT=lambda _: "250 taken" if failed.wait(10) else "451 nobody failed") as relay,
        pytest.raises(RuntimeError, match="new thread"),
    ):
        # One connection more than the mails that may go.
        send_all(numbered(9), route(relay, connections=4, begin=begin), results.extend)
    told = {state: {each.delivery_id for each in results if each.state is state} for state in State}
    assert arrived(relay)
    # Of the three that might, one may not have been begun yet when it failed.
    assert told[State.SENT] == set(arrived(relay)) <= {1, 2, 3}
    assert told[State.QUEUED] == set(range(1, 10)) - told[State.SENT]
    assert len(results) == 9


def test_a_trial_that_is_stopped_is_over():
    ahead, hangs = Ahead(), threading.Event()
    found = []

    def told(results):
        raise RuntimeError("the ledger is gone")

    with LyingRelay(MAIL=lambda _: "250 ok" if not found or not found[0].is_behind or hangs.wait(10) else "") as relay:
        found.append(relay)
        with pytest.raises(RuntimeError, match="gone"):
            send_all(numbered(4), route(relay, connections=1, ahead=ahead), told)
        hangs.set()
        [at] = route(relay).relays
        assert ahead.may_go(at)
