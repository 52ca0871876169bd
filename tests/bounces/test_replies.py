"""What a refusal means, by its words and codes, in the form the ledger keeps a reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.bounces import of_reply
from digest.domain import Verdict, VerdictKind

HARD, SOFT, OURS, NONE = VerdictKind.HARD, VerdictKind.SOFT, VerdictKind.SENDER_FAULT, VerdictKind.NONE

REPLIES = {
    "550 5.1.1 <nobody@example.org>: no such user": (HARD, "no-such-user", "5.1.1"),
    "550-5.1.1 The account you tried to reach 550 5.1.1 does not exist": (HARD, "no-such-user", "5.1.1"),
    "550 Unknown recipient": (HARD, "no-such-user", ""),
    "550 5.1.2 Host unknown": (HARD, "no-such-domain", "5.1.2"),
    "551 5.1.6 Mailbox has moved, no forwarding address": (HARD, "moved", "5.1.6"),
    "556 5.1.10 Recipient address has null MX": (HARD, "takes-no-mail", "5.1.10"),
    "450 4.1.1 <nobody@example.org>: user unknown": (SOFT, "no-such-user", "4.1.1"),
    "552 5.2.2 Mailbox full": (SOFT, "mailbox-full", "5.2.2"),
    "552 5.1.1 recipient is over quota": (SOFT, "mailbox-full", "5.1.1"),
    "550 5.2.1 This account has been disabled": (SOFT, "disabled", "5.2.1"),
    "450 4.2.0 Greylisted, come back in 60 seconds": (SOFT, "busy", "4.2.0"),
    "421 4.3.2 System going down": (SOFT, "system", "4.3.2"),
    "550 5.7.1 No such user": (SOFT, "no-such-user", "5.7.1"),
    "550 5.1.1 Mail from 192.0.2.1 blocked using bl.example.net": (OURS, "reputation", "5.1.1"),
    "550 5.7.26 This mail is not authenticated": (OURS, "authentication", "5.7.26"),
    "550 5.7.515 Access denied, sending domain fails the bar": (OURS, "authentication", "5.7.515"),
    "554 5.7.1 Message looks like spam": (OURS, "spam", "5.7.1"),
    "552 5.3.4 Message too big for system": (OURS, "too-big", "5.3.4"),
    "554 5.6.0 Bad content": (OURS, "content", "5.6.0"),
    "501 5.5.4 Syntax error": (OURS, "protocol", "5.5.4"),
    "550 5.1.8 Sender domain does not exist": (OURS, "sender", "5.1.8"),
    "552 5.1.1 Delivery restricted by a policy": (OURS, "policy", "5.1.1"),
    "554 5.7.1 Relay access denied": (OURS, "relaying", "5.7.1"),
    "550 Something happened": (SOFT, "unknown", ""),
    "250 2.0.0 OK": (NONE, "delivered", "2.0.0"),
    "Connection lost": (SOFT, "network", ""),
    "Timed out connecting to 192.0.2.1 on port 25": (SOFT, "network", ""),
    "": (SOFT, "network", ""),
}


@pytest.mark.parametrize(("words", "means"), REPLIES.items())
def test_words_and_codes_together_say_whose_fault_it_is(words, means):
    kind, reason, status = means
    assert of_reply(words) == Verdict(kind, (), reason, status)


def test_an_address_or_a_link_says_nothing_of_the_reason():
    assert of_reply("550 5.1.1 <spam.quota@example.org> unknown user, see https://spam.example.org/dmarc").kind is HARD


@given(st.text())
def test_any_words_have_a_verdict(words):
    assert of_reply(words).kind in {HARD, SOFT, OURS, NONE}


@given(st.text(), st.sampled_from(["4.1.1", "4.7.0", "5.7.1", "5.7.26"]))
def test_no_refusal_that_may_pass_or_was_about_us_gives_anybody_up(words, status):
    assert of_reply(f"{status[0]}50 {status} {words}").kind is not HARD
