"""Invented messages that come back: each as a server, a provider or a person would write it."""

from digest.links import Links

LINKS = Links("https://papers.example.org", ["a key"])
TO = "bounces@papers.example.org"
HARD = "550 5.1.1 <ada@example.org>: no such user"
FULL = "552 5.2.2 Mailbox full"


def report(diagnostic=HARD, *, status="5.1.1", action="failed", to=TO, original="", who="ada"):
    """A delivery report (RFC 3464)."""
    return f"""\
From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host mx.example.org. Your message did not go.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {who}@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--b
Content-Type: message/rfc822

{original or an_original()}
--b--
""".encode()


def an_original(key=""):
    unsubscribe = f"List-Unsubscribe: <{LINKS.unsubscribe(key)}>\n" if key else ""
    return f"From: Digest <digest@papers.example.org>\nTo: ada@example.org\nSubject: 3 papers\n{unsubscribe}\nHello.\n"


def complaint(kind="abuse", *, original="", to="fbl@papers.example.org"):
    """A complaint (RFC 5965)."""
    return f"""\
From: <feedback@provider.example>
To: {to}
Subject: FW: 3 papers
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is a report about a mail of yours.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: <ada@example.org>

--b
Content-Type: message/rfc822

{original or an_original()}
--b--
""".encode()


def a_letter(subject="Hello", text="Nice papers!", *, to=TO, sender="ada@example.org", **headers):
    """A plain message; headers are given with underscores for hyphens."""
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"From: {sender}\nTo: {to}\nSubject: {subject}\n{more}Content-Type: text/plain\n\n{text}\n".encode()


def a_notice(text, *, subject="Mail delivery failed", to=TO):
    """A notice that follows no standard."""
    return a_letter(subject, text, to=to, sender="Mail Delivery System <mailer-daemon@mx.example.org>")


EXIM = """\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ada@example.org
    SMTP error from remote mail server after RCPT TO:<ada@example.org>:
    host mx.example.org [192.0.2.1]: 550 Unknown user

------ This is a copy of the message, including all the headers. ------

Return-path: <digest@papers.example.org>
Message-ID: <x@papers.example.org>
To: ada@example.org
Subject: spam, a quota and other words
"""
QMAIL = """\
Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 No such user here
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <digest@papers.example.org>
Received: from x by y
To: ada@example.org
Subject: 3 papers
"""
DELAY = """\
This is a warning message only; you do not need to resend your message.

The following message to <ada@example.org> has not been delivered yet:
451 4.7.1 Greylisted
"""
