"""From text and HTML to the bytes of a message and back. Refuses to know what a digest is.

Written by hand, because the standard `EmailMessage` takes 2 ms for what is a few joins: every line here is short, ends
with CRLF and is ASCII, so the mail needs neither 8BITMIME nor anyone to encode it again. A body is in DKIM's relaxed
form as it stands (RFC 6376, section 3.4.4): no line ends in a space, and no space follows another.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, parseaddr
from functools import lru_cache

import idna

# Controls, line and paragraph separators, what turns the direction of text, what UTF-8 cannot carry, no characters.
UNPRINTABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
# An address that is written as it is: no name, no quotes, nothing to encode.
PLAIN_ADDRESS = re.compile(r"[\w.+-]+@[A-Za-z0-9.-]+", re.ASCII)
# Stands in a text for a space after a space while it is quoted; `quoted` alone may use it.
SECOND_SPACE, SECOND_SPACE_QUOTED = "\x01", b"=01"
# Stands in a text for its end. Quoted, it leaves room for the `=` of a soft break.
END, END_QUOTED = "\x02", b"=02\r\n"
# A line of quoted-printable, its soft break included (RFC 2045, section 6.7).
MOST_COLUMNS, SOFT_BREAK = 76, b"=\r\n"
# What a line holds beside the `=` of its soft break.
LINE = MOST_COLUMNS - 1
# An encoded word has at most 75 characters (RFC 2047, section 2): 45 octets in base64 and the frame around them.
ENCODED_WORD_OCTETS = 45

# Those of a day; 200 bytes each.
KEEP_SUBJECTS = 4096

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a reader sees of a mail."""

    subject: str
    text: str
    html: str


def printable(text: str) -> str:
    """Put a space for each character that has no business in a mail. Offsets stay, and so do newlines."""
    return text if text.replace("\n", "").isprintable() else UNPRINTABLE.sub(" ", text)


def one_line(text: str) -> str:
    return " ".join(printable(text).split())


def is_plain(address: str) -> bool:
    """Whether an address is written as it is, wherever it stands."""
    return bool(PLAIN_ADDRESS.fullmatch(address))


def bare(address: str) -> str:
    """Write an address for the envelope: one line, no name, the domain in ASCII.

    A local part that is not ASCII goes as it is, for relays that offer SMTPUTF8; the others refuse it.
    """
    if is_plain(address):
        return address
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


@lru_cache(KEEP_SUBJECTS)
def unstructured(text: str) -> str:
    """Write the value of a header for people, in encoded words if it needs them."""
    line = one_line(text)
    return line if line.isascii() and "=?" not in line else "\r\n ".join(_encoded_words(line))


def _encoded_words(line: str) -> Iterator[str]:
    octets = line.encode()
    while octets:
        end = min(ENCODED_WORD_OCTETS, len(octets))
        # No character is parted: what follows does not continue one (RFC 2047, section 5).
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        yield f"=?utf-8?b?{b64encode(octets[:end]).decode()}?="
        octets = octets[end:]


def quoted(text: str) -> bytes:
    """Encode a piece of a text as quoted-printable, so that pieces quoted apart can be joined.

    A piece that ends within a line ends in a soft break, which no reader sees.
    """
    if not text:
        return b""
    if text.isascii() and text.isprintable() and "=" not in text and "  " not in text:
        if len(text) < MOST_COLUMNS:
            return text.encode() + SOFT_BREAK
        # Nearer to the end of a line, b2a_qp breaks it once more.
        if 0 < len(text) % LINE <= LINE - len("=02"):
            return quoted_address(text)
    # A space at the end of a line is quoted too, and b2a_qp takes no account of that in a line's length.
    lines = text.replace("  ", f" {SECOND_SPACE}").replace(" \n", f"{SECOND_SPACE}\n").replace("\n", "\r\n")
    # b2a_qp ends its soft lines as the first hard one ends, so each piece has one.
    if text.endswith("\n"):
        piece = b2a_qp(lines.encode())
    else:
        piece = b2a_qp(f"{lines}{END}\r\n".encode()).removesuffix(END_QUOTED) + SOFT_BREAK
    return piece.replace(SECOND_SPACE_QUOTED, b"=20")


def quoted_address(address: str) -> bytes:
    """The same for an address of ours, in which nothing needs to be quoted, in a tenth of the time."""
    assert "=" not in address
    octets = address.encode("ascii")
    if LINE < len(octets) <= 2 * LINE:
        # As nearly all are.
        return b"%b=\r\n%b=\r\n" % (octets[:LINE], octets[LINE:])
    return b"".join([octets[start : start + LINE] + SOFT_BREAK for start in range(0, len(octets), LINE)])


def multipart(boundary: str, text: Iterable[bytes], html: Iterable[bytes]) -> tuple[str, bytes]:
    """Join pieces of quoted parts to a multipart/alternative: its content type, and its body."""
    # Quoted text never contains `=_`, so no part can end another.
    mark = f"=_{boundary}"
    part = "--{}\r\nContent-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    plain, rich = part.format(mark, "plain").encode(), part.format(mark, "html").encode()
    body = b"".join((plain, *text, b"\r\n", rich, *html, f"\r\n--{mark}--\r\n".encode()))
    return f'multipart/alternative; boundary="{mark}"', body


def message(headers: Headers, body: bytes) -> bytes:
    head = "".join([f"{name}: {value}\r\n" for name, value in headers])
    return b"\r\n".join((head.encode(), body))


def opened(content: bytes) -> Letter:
    """Read a message of ours as a reader's program would."""
    message = message_from_bytes(content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    text, html = (_body(message, kind) for kind in ("plain", "html"))
    return Letter(str(message["Subject"]), text, html)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
