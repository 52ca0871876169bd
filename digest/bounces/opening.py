"""From the bytes of a returned message to its pieces: what it reports, what it says, what it returns. Judges nothing.

Line ends may be CRLF, LF or CR, encodings broken, boundaries missing: whatever cannot be read is left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from itertools import chain, islice

from digest.bounces.limits import MOST_BYTES, short_lines, within_limits
from digest.bounces.tags import without_tags

__all__ = ["LONGEST_HEADER", "MOST_BLOCKS", "MOST_BYTES", "Opened", "header_of", "opened"]

# People and programs are shorter; whoever is not wants to keep us busy.
LONGEST_TEXT, LONGEST_HEADER, MOST_BLOCKS = 100_000, 2_000, 10
LONGEST_TEXT_LINE, MOST_TEXT_LINES, MOST_TEXTS = 2_000, 3_000, 20
# The header of the mail that is returned, and as much of its text as may bear a link.
LONGEST_RETURNED, LONGEST_BLOCK = 100_000, 8_000
RETURNED = {"message/rfc822", "text/rfc822-headers", "message/global", "message/rfc822-headers"}
STATUS_PARTS = {"message/delivery-status", "message/global-delivery-status"}
FEEDBACK_PART = "message/feedback-report"
# Codecs that are no charset of mail; some take quadratic time.
NO_CHARSETS = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}
# Where a mail in plain text begins inside another: lines of header, however they are quoted or indented.
HEADER_LINE = re.compile(r"^[> \t|]*[A-Za-z][A-Za-z-]{1,40}: ?\S")
OF_A_MAIL = re.compile(r"^[> \t|]*(?:received|return-path|dkim-signature|delivered-to): ", re.IGNORECASE)
# So many in a row are a header, one of them what reports do not list.
LINES_OF_HEADER = 3
# Reports whose parts are not parts, because their boundary is missing.
LOOSE_FEEDBACK = re.compile(
    r"^[> ]{0,4}(Feedback-Type[ \t]?:[ \t]?[\w-]{1,40})[ \t]{0,9}$", re.MULTILINE | re.IGNORECASE
)
LOOSE_BLOCK = re.compile(r"^(?:Original|Final)-Recipient:.*\n(?:.+\n)*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Opened:
    """The pieces of a message.

    `said` is what a person would read, `text` the part of it before any mail that it quotes, in lines of some length;
    `returned` is what it brings of another mail, `attached` if in a part of its own; `blocks` are the fields that a
    delivery report has of each recipient (RFC 3464, 2.3).
    """

    message: Message
    said: str
    text: str
    returned: str
    attached: bool
    blocks: tuple[Message, ...] = ()
    feedback: Message | None = None

    def header(self, name: str) -> str:
        return header_of(self.message, name)


def opened(content: bytes) -> Opened:
    message = message_from_bytes(within_limits(content))
    parts = list(_parts(message))
    said = "\n".join(_said(parts))[:LONGEST_TEXT]
    text, returned = _apart(short_lines(said, LONGEST_TEXT_LINE, MOST_TEXT_LINES))
    attached = [_raw(part) for part in parts if part.get_content_type() in RETURNED]
    reports = [_inside(part) for part in parts if part.get_content_type() in STATUS_PARTS]
    blocks = chain.from_iterable(map(_blocks, reports or LOOSE_BLOCK.findall(text + "\n")))
    feedback = [_inside(part) for part in parts if part.get_content_type() == FEEDBACK_PART]
    feedback = feedback or LOOSE_FEEDBACK.findall(said)
    returned = "\n".join([*attached, returned])[:LONGEST_RETURNED]
    few = tuple(islice(blocks, MOST_BLOCKS))
    return Opened(message, said, text, returned, bool(attached), few, _fields(feedback[0]) if feedback else None)


def header_of(message: Message, name: str) -> str:
    """Read a header as one line; empty where there is none."""
    value = _as_it_came(message, name)[:LONGEST_HEADER]
    # Encoded in a way that nobody knows, it stays as it is.
    with suppress(ValueError, LookupError, MessageError):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _as_it_came(message: Message, name: str) -> str:
    """A field before any decoding; octets that nobody announced are UTF-8 where they can be, else Latin-1."""
    raw = next((str(value) for field, value in message.raw_items() if field.lower() == name.lower()), "")
    octets = raw.encode("utf-8", "surrogateescape")
    with suppress(UnicodeDecodeError):
        return octets.decode()
    return octets.decode("latin-1")


def _parts(message: Message) -> Iterator[Message]:
    """Every part of this message, without the parts of the mail it returns."""
    yield message
    if message.get_content_type() in RETURNED | STATUS_PARTS | {FEEDBACK_PART}:
        return
    payload = message.get_payload()
    for part in payload if isinstance(payload, list) else ():
        if isinstance(part, Message):
            yield from _parts(part)


def _said(parts: list[Message]) -> list[str]:
    """What a person would read: the plain text, or the HTML without its tags where there is no other."""
    plain = (decoded(part) for part in parts if _is_text(part, "plain"))
    said = [text for text in islice(plain, MOST_TEXTS) if text.strip()]
    return said or [without_tags(decoded(part)) for part in parts if _is_text(part, "html")][:MOST_TEXTS]


def _is_text(part: Message, kind: str) -> bool:
    # A message of several parts whose boundary never comes is text after all.
    broken = kind == "plain" and part.get_content_maintype() == "multipart" and not part.is_multipart()
    return part.get_content_type() == f"text/{kind}" or broken


def decoded(part: Message) -> str:
    """A part that is no container, as text."""
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    try:
        charset = codecs.lookup(part.get_content_charset("utf-8")).name.replace("-", "_")
        return octets.decode("latin-1" if charset in NO_CHARSETS else charset, "replace")
    except (LookupError, ValueError, MessageError):
        return octets.decode("latin-1")


def _inside(part: Message) -> str:
    """What stands below the header of a part, decoded should it be encoded."""
    payload = part.get_payload()
    if isinstance(payload, list):
        plain = "\n".join(_raw(piece) for piece in payload if isinstance(piece, Message))
    else:
        plain = decoded(part)
    if str(part.get("Content-Transfer-Encoding", "")).lower() in {"base64", "quoted-printable"}:
        carrier = Message()
        carrier["Content-Transfer-Encoding"] = str(part["Content-Transfer-Encoding"])
        carrier.set_payload(plain.strip("\n"))
        return decoded(carrier)
    return plain


def _raw(part: Message) -> str:
    """A part as it came, its own header with it. Python can write it too, but refolds every line of header."""
    text = "\n".join(chain.from_iterable(map(_lines, part.walk())))
    return text[:LONGEST_RETURNED].encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _lines(part: Message) -> Iterator[str]:
    yield from (f"{name}: {value}" for name, value in part.raw_items())
    payload = part.get_payload()
    yield f"\n{payload}" if isinstance(payload, str) else ""


def _blocks(report: str) -> Iterator[Message]:
    for block in _between_blank_lines(report):
        fields = _fields(block)
        if fields["Final-Recipient"] or fields["Original-Recipient"] or fields["Action"]:
            yield fields


def _between_blank_lines(text: str) -> Iterator[str]:
    block: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []


def _fields(block: str) -> Message:
    return HeaderParser().parsestr(block.strip("\n")[:LONGEST_BLOCK] + "\n\n")


def _apart(text: str) -> tuple[str, str]:
    """Part what a message says from the mail it quotes below that."""
    lines = text.splitlines(keepends=True)
    first = count = of_a_mail = 0
    for number, line in enumerate(lines):
        if HEADER_LINE.match(line):
            first, count = first if count else number, count + 1
            of_a_mail |= bool(OF_A_MAIL.match(line))
        elif not (count and line.strip() and _indent(line) > _indent(lines[first])):
            count = of_a_mail = 0  # neither a line of header nor folded from one
        if count >= LINES_OF_HEADER and of_a_mail:
            return "".join(lines[:first]), "".join(lines[first:])
    return text, ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t>|"))
