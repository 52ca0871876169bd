"""Whose trouble a reply is: a reader's, ours, the relay's, or that of a domain which asks for less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.bounces import Trouble, of_reply, trouble_of_reply
from digest.bounces.reasons import CODES, MEANS, SUBJECTS
from digest.bounces.words import plain, vague
from digest.domain import VerdictKind

REPLIES = {
    Trouble.ADDRESS: """
        550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in virtual mailbox table
        550 5.1.1 <ada@example.org>: Recipient address rejected: undeliverable address: host mx said: 550 no such user
        550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking
        550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@example.org not found by SMTP address lookup
        554 delivery error: dd This user doesn't have a yahoo.example account (ada@yahoo.example) [0]
        550 No such user here
        550 5.1.2 <ada@nowhere.example>: Recipient address rejected: Domain not found
        556 5.1.10 Domain does not accept mail (nullMX)
    """,
    Trouble.MAILBOX_FULL: """
        552 2 Requested mail action aborted, mailbox is over quota
        552 5.2.2 This message could not be delivered because the recipient’s mailbox is full. Please try again later
        552 <ada@example.org>... Mail quota exceeded
        552 5.2.2 <ada@example.org>: recipient has exceeded Prohibit send/receive quota
        554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded
        452 4.2.2 The email account that you tried to reach is over quota
        552 Requested mail action aborted: exceeded storage allocation
        550 5.2.2 user has exhausted allowed storage space, mailbox is full
    """,
    Trouble.RECIPIENT: """
        450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages
        450 4.1.1 <ada@example.org>: Recipient address rejected: unverified address: connect to mx: Connection refused
        451 4.7.1 Greylisting in action, please come back later
        550 5.2.1 This account has been disabled
        550 5.2.1 <ada@example.org>: account suspended
        550 <ada@example.org>: User account is suspended
        550 Inactive recipient
        450 4.1.2 <ada@example.org>: Recipient address rejected: Domain not found
        451 4.4.3 Temporary lookup failure
        550 Recipient filter rejected this message
        550 5.4.310 DNS domain example.org servfail, try again later
    """,
    Trouble.OURS: """
        454 4.7.0 daily quota exceeded
        454 Throttling failure: Daily message quota exceeded.
        550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients
        550 5.4.5 Daily user sending limit exceeded.
        550 5.4.5 Daily sending quota exceeded
        550 5.7.1 Daily SMTP relay limit exceeded for customer
        450 4.2.1 Peak SMTP relay limit exceeded for customer
        550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit
        550 5.7.705 Access denied, tenant has exceeded threshold
        451 Authentication failed: Maximum credits exceeded
        550 Domain example.com has exceeded the max emails per hour (100/100 (100%)) allowed. Message discarded.
        450 Requested mail action not taken: mailbox unavailable Mail send limit exceeded.
        554 Email address is not verified
        554 Message rejected: Email address is not verified. The following identities failed the check: ada@example.org
        554 Message rejected: Sending suspended for this account.
        550 Domain sandbox1.example is not allowed to send: Sandbox subdomains are for test purposes only.
        550 The from address does not match a verified Sender Identity. Mail cannot be sent until this is resolved.
        550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains.
        550 account suspended
        554 5.7.1 Your account has been suspended for abuse
        502 5.7.0 Your SMTP account is not yet activated
        525 5.7.1 Unauthorized IP address
        550 Sender domain has no MX
        550 sender address does not exist
        550 callback verification failed
        550 Sender verify failed
        550-Callback setup failed while verifying <bounce@example.org>
        550 5.1.8 <bounce@x.example>: Sender address rejected: Domain not found
        451 4.1.8 Domain of sender address bounce@x.example does not resolve
        550 5.7.1 Message rejected because the sender's address could not be verified
        553 5.7.1 <x@y.example>: Sender address rejected: not owned by user z
        550 5.7.60 SMTP; Client does not have permissions to send as this sender
        550 Your domain has no MX records
        530 5.7.0 Authentication required
        530 5.7.0 Must issue a STARTTLS command first
        535 5.7.8 Error: authentication failed
        550 No valid SPF record for the domain
        550 5.7.1 Unauthenticated email from example.org is not accepted due to domain's DMARC policy
        550 5.7.1 Reverse DNS lookup failed for 192.0.2.1
        554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org
        550 relaying denied
        554 5.7.1 <ada@example.org>: Relay access denied
        550 5.7.1 Message looks like spam
    """,
    Trouble.RELAY: """
        450 4.3.2 system not accepting
        450 4.3.2 system not accepting network messages
        452 4.3.1 Insufficient system storage
        451 4.3.0 Temporary server error. Please try again later
        421 4.3.2 Service shutting down
        451 4.3.5 Server configuration error
        Connection lost
    """,
    Trouble.SLOW_DOWN: """
        421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints
        421 [TSS04] Messages from 192.0.2.1 temporarily deferred
        421 Message from (192.0.2.1) temporarily deferred - 4.16.50
        451 Message temporarily deferred - [180]
        421 4.7.28 Our system has detected an unusual rate of unsolicited mail
        421 Too many connections from your IP
        421 4.7.0 Too many concurrent SMTP connections
        432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded
        451 4.7.500 Server busy. Please try again later from [192.0.2.1].
        451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.
        454 Throttling failure: Maximum sending rate exceeded.
        550 Domain frequency limited
        554 5.7.1 Rate limit reached
        421 4.7.1 Client host rejected: try again later, policy
        421 RP-001 The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed.
    """,
    Trouble.NONE: """
        250 2.0.0 OK
    """,
}
CASES = [(trouble, reply.strip()) for trouble, lines in REPLIES.items() for reply in lines.strip().split("\n")]
OF_A_READER = {Trouble.ADDRESS, Trouble.MAILBOX_FULL, Trouble.RECIPIENT}


@pytest.mark.parametrize(("trouble", "reply"), CASES)
def test_a_reply_says_whose_trouble_it_is(trouble, reply):
    assert trouble_of_reply(reply) is trouble
    verdict = of_reply(reply)
    assert (verdict.kind is VerdictKind.HARD) == (trouble is Trouble.ADDRESS)
    if trouble in (Trouble.OURS, Trouble.SLOW_DOWN):
        assert verdict.kind is VerdictKind.SENDER_FAULT


@pytest.mark.parametrize("reply", [reply for trouble, reply in CASES if trouble is Trouble.OURS])
def test_what_is_about_us_is_so_without_its_codes(reply):
    assert trouble_of_reply(f"{reply[:3]} {reply[4:].lstrip('0123456789.- ')}") not in OF_A_READER


@given(st.text(), st.sampled_from(["450", "421", "451 4.7.0", "550", "554 5.7.1", "550 5.1.1", ""]))
def test_any_words_are_somebodys_trouble(words, code):
    assert trouble_of_reply(f"{code} {words}") in Trouble


def test_every_reason_that_words_or_codes_give_has_a_meaning():
    given_reasons = {reason for reason, _ in [*plain(), *vague()]} | set(CODES.values()) | set(SUBJECTS.values())
    assert given_reasons - set(MEANS) == set()
