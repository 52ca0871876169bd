"""Whose trouble a reply is: what servers say of themselves, of us, and of a mailbox, in words of many makes."""

import pytest

from digest.domain import Result, State
from digest.jobs import blame
from digest.jobs.blame import Blame

REPLIES = [
    (Blame.RELAY, "450 4.3.2 system not accepting network messages"),
    (Blame.RELAY, "451 4.3.0 queue file write error"),
    (Blame.RELAY, "452 4.3.1 Insufficient system storage"),
    (Blame.RELAY, "452 Insufficient system resources"),
    (Blame.RELAY, "421 Service unavailable, shutting down"),
    (Blame.ACCOUNT, "454 4.7.0 daily quota exceeded"),
    (Blame.ACCOUNT, "454 Throttling failure: Daily message quota exceeded."),
    (
        Blame.ACCOUNT,
        "550 5.1.90 Your message can't be sent: you've reached your daily limit for message recipients",
    ),
    (Blame.ACCOUNT, "550 5.4.5 Daily user sending quota exceeded."),
    (Blame.ACCOUNT, "554 Message rejected: Email address is not verified. The following identities failed"),
    (Blame.ACCOUNT, "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains"),
    (Blame.ACCOUNT, "550 This account is suspended, contact support"),
    (Blame.ACCOUNT, "535 5.7.8 Authentication credentials invalid"),
    (Blame.ACCOUNT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen"),
    (Blame.ACCOUNT, "554 Sending paused for this account"),
    (Blame.SENDER, "550 Sender domain has no MX"),
    (Blame.SENDER, "550 sender address does not exist"),
    (Blame.SENDER, "550 5.1.8 Sender address rejected: Domain not found"),
    (Blame.SENDER, "550 callback verification failed"),
    (Blame.SENDER, "451 Could not complete sender verify callout"),
    (None, "550 5.1.1 No such user"),
    (None, "550 5.2.1 The email account that you tried to reach is disabled"),
    (None, "552 5.2.2 mailbox quota exceeded"),
    (None, "452 4.2.2 The email account that you tried to reach is over quota"),
    (None, "550 5.2.1 this account has been suspended"),
    (None, "450 4.7.1 Greylisted, come back in five minutes"),
    (None, "451 4.7.650 The mail server has been temporarily rate limited"),
    (None, "552 5.3.4 message size exceeds limit"),
    (None, "554 5.7.1 Message refused as spam"),
    (None, "Connection lost"),
    (None, "250 2.0.0 taken"),
]


@pytest.mark.parametrize(("whose", "words"), REPLIES, ids=[words[:50] for _, words in REPLIES])
def test_a_reply_says_whose_trouble_it_is(whose, words):
    assert blame.of_words(words) is whose


def test_what_went_is_nobodys_trouble():
    assert blame.of(Result(1, State.SENT, "250 4.3.2 queued, daily quota 3 of 9")) is None


def test_a_reply_of_any_length_is_judged_at_once():
    assert blame.of_words("450 sender " + "a " * 200_000) is None
