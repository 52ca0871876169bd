"""What servers of many makes say of a recipient nobody knows, and what filters, blocklists and networks say instead."""

import pytest

from digest.bounces import of_message, of_reply
from digest.domain import VerdictKind
from tests.support.returned import report

UNKNOWN = """
    550 5.1.1 <ada@example.org>... User unknown
    550 5.1.1 The email account that you tried to reach does not exist. Please try
    550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).
    550 5.1.0 Address rejected ada@example.org
    550 5.1.1 RESOLVER.ADR.RecipNotFound; not found
    550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
    550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [mx.outlook.com]
    550 ada@example.org: User not found in Domino Directory
    550 5.1.1 ada@example.org User not listed in public Name & Address Book
    550 Requested action not taken: mailbox unavailable
    550-Requested action not taken: mailbox unavailable 550 For explanation visit https://postmaster.gmx.net
    550 non-local recipient verification failed
    550 unrouteable address
    550 Unrouteable address
    550 5.7.1 No such user!
    550 Message was not accepted -- invalid mailbox.  Local mailbox ada@mail.example is unavailable: user not found
    550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000728
    550 User not found: ada@163.example
    550 5.1.1 User does not exist
    554 5.1.1 <ada@icloud.example>: user does not exist
    550 5.1.1 unknown or illegal alias: ada@example.org
    550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550
    550 5.1.1 Recipient address rejected: {Gateway}
    550 #5.1.0 Address rejected.
    550 5.1.1 <ada@example.org> User doesn't exist: ada
    553 5.3.0 <ada@example.org>... No such user here
    550 <ada@example.org>, Recipient unknown
    550 Sorry, no mailbox here by that name. (#5.1.1)
    511 sorry, no mailbox here by that name (#5.1.1 - chkuser)
    550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416
    550 5.1.1 sorry, recipient address does not exist (#5.1.1)
    550 No such person at this address
    550 Administrative prohibition - unable to validate recipient
    550 5.1.1 recipient does not exist anymore
    550 This account is not allowed...ada is not a valid mailbox
    550 5.1.6 recipient no longer on server
    550 no such recipient here
    550 Account not available
    550 The recipient cannot be verified. Please check all recipients of this message to verify they are valid.
    550 5.1.1 Mailbox "ada" does not exist
    550 #5.1.1 bad destination mailbox address
"""
# Some speak of users and hosts too; none of them knows whether the reader is there.
REFUSED = """
    550 5.7.1 Message rejected by content filter: user unknown policy
    554 5.7.1 <ada@example.org>: Recipient address rejected: Blocked by recipient filter
    550 5.7.0 Local Policy Violation
    550 5.7.1 Your email messages have been blocked by the recipient OR by Trend Micro Email Reputation Service
    553-Message filtered. Refer to the Troubleshooting page at http://www.symanteccloud.com/troubleshooting
    550 High probability of spam
    554 5.7.1 You are not allowed to connect.
    550 Denied by policy
    550 Administrative prohibition
    554 rejected due to spam URL in content
    550 5.1.1 [192.0.2.1] listed in bl.spamcop.net; user unknown
    550 Connection refused by blocklist
    550-192.0.2.1 is blacklisted at zen.spamhaus.org
    550 5.7.1 Service unavailable; client blocked
    550 permanent failure for one or more recipients (ada@example.org:blocked)
    554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1
    550 5.4.4 Host not found, try again
    451 4.4.0 DNS query failed
    550 5.4.0 network is unreachable: unknown host mx1
    550 5.4.1 no answer from host
    554 5.4.7 unable to deliver this message after 24 hours: host unknown
    554 5.4.6 Too many hops
    550 5.4.6 mail loop detected: user unknown
    550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required
    550 5.7.124 RESOLVER.RST.SenderNotInAllowedSendersList; not found
    550 mail to ada@example.org rejected: sender is in the blacklist, address unknown
    550 This message does not comply with required standards.
    550 5.2.0 mailbox restricted: only accepts mail from known senders
    554 Denied [CS] [b] (Mode: normal)
    550 antispam: invalid recipient
    550 unknown user or greylisted, please try again
    550 Anonymous mail not allowed, unknown sender
    450 4.1.1 unknown user
    550 Barracuda: recipient blocked
    550 No RCPT: domain firewall blocks unknown hosts
    554 Sender address unknown
    550 Your server's name unknown
    550 Host unknown: your reverse dns does not exist
    550 HELO host does not exist
"""


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


def returned(words):
    """A report that says it was said to RCPT, with a status that says nothing."""
    return report(f"{words} (in reply to RCPT TO command)", status="5.0.0")


@pytest.mark.parametrize("words", lines(UNKNOWN))
def test_a_recipient_nobody_knows_is_given_up(words):
    assert of_message(returned(words)).kind is VerdictKind.HARD
    assert of_reply(words).reason in {"no-such-user", "no-such-domain", "moved", "refused"}


@pytest.mark.parametrize("words", lines(REFUSED))
def test_a_filter_a_blocklist_or_a_network_gives_nobody_up(words):
    assert of_message(returned(words)).kind is not VerdictKind.HARD
    assert of_reply(words).kind is not VerdictKind.HARD
