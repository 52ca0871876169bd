"""Complaints in the shapes that feedback loops give them, standard or not."""

import pytest

from digest import bounces
from digest.domain import VerdictKind
from digest.links import Named, Purpose
from tests.support.returned import LINKS, a_letter, an_original, complaint

ORIGINAL = an_original("k0123456789abcdef")


def forwarded(subject, sender, original=ORIGINAL):
    """A mail returned as it is, in a part of its own, without a word of what it is about."""
    return (
        f"From: {sender}\nTo: fbl@papers.example.org\nSubject: {subject}\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: message/rfc822\n\n{original}\n--b--\n'
    ).encode()


SHAPES = {
    "Hotmail": forwarded("complaint about message from 192.0.2.1", "staff@hotmail.example"),
    "an old loop": forwarded("Email Feedback Report for IP 192.0.2.1", "scomp@aol.example"),
    "a loop by its address": forwarded("FW: 3 papers", "Feedback <fbl-report@provider.example>"),
    "SpamCop": forwarded("[SpamCop (192.0.2.1) id:1] 3 papers", "1@reports.spamcop.net"),
    "a person at an abuse desk": forwarded("Abuse report", "desk@provider.example"),
    "a part of the wrong type": complaint(original=ORIGINAL).replace(b"message/feedback-report", b"text/plain"),
    "a part that does not say what": complaint(original=ORIGINAL).replace(b"Feedback-Type: abuse\n", b""),
    "a type in capitals, with spaces": complaint(original=ORIGINAL).replace(b": abuse", b": Abuse  "),
    "a type of its own": complaint("spam", original=ORIGINAL),
    "in one text": a_letter("FW: 3 papers", f"Feedback-Type: abuse \nVersion: 1\n\nReceived: from x by y\n{ORIGINAL}"),
    "blacked out": complaint(
        original=ORIGINAL.replace("To: ada@example.org", "To: redacted-address@redacted.invalid")
    ).replace(b"Original-Rcpt-To: <ada@example.org>", b"Original-Rcpt-To: redacted"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_complaint_is_known_in_any_shape_and_bears_our_token(shape):
    found = bounces.read(SHAPES[shape])
    assert found.verdict.kind is VerdictKind.COMPLAINT
    assert found.leave_tokens
    assert LINKS.read(Purpose.UNSUBSCRIBE, found.leave_tokens[0]) == Named("k0123456789abcdef")


def test_an_address_that_is_blacked_out_is_nobodys():
    assert bounces.of_message(SHAPES["blacked out"]).recipients == ()


@pytest.mark.parametrize(
    "letter",
    [
        a_letter("Re: 3 papers on spam reports", "A fine digest."),
        a_letter("Spam report", "Did you read the paper on spam?"),
        forwarded("FW: 3 papers", "ada@example.org"),
    ],
)
def test_a_letter_about_spam_is_no_complaint(letter):
    assert bounces.of_message(letter).kind is not VerdictKind.COMPLAINT
