"""From text and HTML to the bytes of a message and back. Refuses to know what a digest is.

Written by hand, because the standard `EmailMessage` takes 2 ms for what is a few joins: every line here is short, ends
with CRLF and is ASCII, so the mail needs neither 8BITMIME nor anyone to encode it again.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, parseaddr

import idna

# Controls, line and paragraph separators, what turns the direction of text, and what UTF-8 cannot carry.
UNPRINTABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
# An encoded word has at most 75 characters (RFC 2047, section 2): 45 octets in base64 and the frame around them.
ENCODED_WORD_OCTETS = 45


@dataclass(frozen=True, slots=True)
class Letter:
    """What a reader sees of a mail."""

    subject: str
    text: str
    html: str


def printable(text: str) -> str:
    """Put a space for each character that has no business in a mail. Offsets stay, and so do newlines."""
    return text if text.isprintable() else UNPRINTABLE.sub(" ", text)


def one_line(text: str) -> str:
    return " ".join(printable(text).split())


def bare(address: str) -> str:
    """Write an address for the envelope: one line, no name, the domain in ASCII.

    A local part that is not ASCII goes as it is, for relays that offer SMTPUTF8; the others refuse it.
    """
    local, at, domain = parseaddr(one_line(address))[1].rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"


def named(address: str) -> str:
    """Write an address with its display name, encoded if it needs to be."""
    return formataddr((parseaddr(one_line(address))[0], bare(address)))


def ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain  # The relay refuses it, and that is accounted for.


def unstructured(text: str) -> str:
    """Write the value of a header for people, in encoded words if it needs them."""
    line = one_line(text)
    return line if line.isascii() and "=?" not in line else "\r\n ".join(_encoded_words(line))


def _encoded_words(line: str) -> Iterable[str]:
    octets = b""
    for piece in (character.encode() for character in line):
        if len(octets) + len(piece) > ENCODED_WORD_OCTETS:
            yield f"=?utf-8?b?{b64encode(octets).decode()}?="
            octets = b""
        octets += piece
    yield f"=?utf-8?b?{b64encode(octets).decode()}?="


def quoted(text: str) -> bytes:
    """Encode whole lines as quoted-printable. What is quoted apart can be joined: a card is quoted once for all."""
    lines = text.encode().replace(b"\n", b"\r\n")
    # b2a_qp ends its soft lines as the first hard one ends, so give it one.
    return b2a_qp(lines if lines.endswith(b"\r\n") else lines + b"\r\n")


def message(headers: Iterable[tuple[str, str]], boundary: str, text: bytes, html: bytes) -> bytes:
    """Join headers and quoted parts to a multipart/alternative message. Quoted text never contains `=_`."""
    mark = f"=_{boundary}"
    head = [f"{name}: {value}" for name, value in headers]
    head += [f'Content-Type: multipart/alternative; boundary="{mark}"', ""]
    part = "\r\n--{}\r\nContent-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return b"".join(
        (
            "\r\n".join(head).encode(),
            part.format(mark, "plain").encode(),
            text,
            part.format(mark, "html").encode(),
            html,
            f"\r\n--{mark}--\r\n".encode(),
        )
    )


def opened(content: bytes) -> Letter:
    """Read a message of ours as a reader's program would."""
    message = message_from_bytes(content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    text, html = (_body(message, kind) for kind in ("plain", "html"))
    return Letter(str(message["Subject"]), text, html)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
