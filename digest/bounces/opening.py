"""From the bytes of a returned message to its pieces: what it reports, what it says, what it returns. Judges nothing.

Line ends may be CRLF, LF or CR, encodings broken, boundaries missing: whatever cannot be read is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from itertools import chain, islice

from selectolax.lexbor import LexborHTMLParser

# A report with the longest mail of ours in it has some 200 kB; what follows after this says nothing new.
MOST_BYTES = 500_000
# People and programs are shorter; whoever is not wants to keep us busy.
LONGEST_TEXT, LONGEST_HEADER, MOST_BLOCKS = 100_000, 2_000, 10
RETURNED = {"message/rfc822", "text/rfc822-headers", "message/global", "message/rfc822-headers"}
STATUS_PARTS = {"message/delivery-status", "message/global-delivery-status"}
FEEDBACK_PART = "message/feedback-report"
# Where a mail in plain text begins inside another: lines of header, however they are quoted or indented.
HEADER_LINE = re.compile(r"[> \t|]*[A-Za-z][A-Za-z-]{1,40}: ?\S")
OF_A_MAIL = re.compile(r"[> \t|]*(?:received|return-path|dkim-signature|delivered-to): ", re.IGNORECASE)
# So many in a row are a header, one of them what reports do not list.
LINES_OF_HEADER = 3
# Reports whose parts are not parts, because their boundary is missing.
LOOSE_FEEDBACK = re.compile(r"^Feedback-Type: ?[\w-]+$", re.MULTILINE | re.IGNORECASE)
LOOSE_BLOCK = re.compile(r"^(?:Original|Final)-Recipient:.*\n(?:.+\n)*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Opened:
    """The pieces of a message.

    `returned` is what it brings of another one, `attached` if in a part of its own; `blocks` are the fields that a
    delivery report has of each recipient (RFC 3464, 2.3).
    """

    message: Message
    text: str
    returned: str
    attached: bool
    blocks: tuple[Message, ...] = ()
    feedback: Message | None = None

    def header(self, name: str) -> str:
        return header_of(self.message, name)


def opened(content: bytes) -> Opened:
    lines = content[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    message = message_from_bytes(lines)
    parts = list(_parts(message))
    said = "\n".join(_said(parts))[:LONGEST_TEXT]
    text, returned = _apart(said)
    attached = [_whole(part) for part in parts if part.get_content_type() in RETURNED]
    reports = [_whole(part, inner=True) for part in parts if part.get_content_type() in STATUS_PARTS]
    blocks = chain.from_iterable(map(_blocks, reports or LOOSE_BLOCK.findall(text + "\n")))
    feedback = [_whole(part, inner=True) for part in parts if part.get_content_type() == FEEDBACK_PART]
    feedback = feedback or LOOSE_FEEDBACK.findall(said)
    returned = "\n".join([*attached, returned])
    few = tuple(islice(blocks, MOST_BLOCKS))
    return Opened(message, text, returned, bool(attached), few, _fields(feedback[0]) if feedback else None)


def header_of(message: Message, name: str) -> str:
    """Read a header as one line; empty where there is none."""
    value = str(message.get(name, ""))[:LONGEST_HEADER]
    # Encoded in a way that nobody knows, it stays as it is.
    with suppress(ValueError, LookupError):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


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
    texts = {kind: [_decoded(part) for part in parts if _is_text(part, kind)] for kind in ("plain", "html")}
    said = [text for text in texts["plain"] if text.strip()]
    return said or [_without_tags(text) for text in texts["html"]]


def _is_text(part: Message, kind: str) -> bool:
    # A message of several parts whose boundary never comes is text after all.
    broken = kind == "plain" and part.get_content_maintype() == "multipart" and not part.is_multipart()
    return part.get_content_type() == f"text/{kind}" or broken


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    try:
        return octets.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return octets.decode("latin-1")


def _without_tags(text: str) -> str:
    tree = LexborHTMLParser(text)
    tree.strip_tags(["style", "script", "head"])
    return tree.root.text(separator=" ") if tree.root else ""


def _whole(part: Message, *, inner: bool = False) -> str:
    """A part as text; `inner` is what stands below its own header, decoded should it be encoded."""
    if not inner:
        return _text_of(part)
    payload = part.get_payload()
    if isinstance(payload, list):
        plain = "\n".join(_text_of(piece) for piece in payload if isinstance(piece, Message))
    else:
        plain = _decoded(part)
    if str(part.get("Content-Transfer-Encoding", "")).lower() in {"base64", "quoted-printable"}:
        carrier = Message()
        carrier["Content-Transfer-Encoding"] = str(part["Content-Transfer-Encoding"])
        carrier.set_payload(plain.strip("\n"))
        return _decoded(carrier)
    return plain


def _text_of(part: Message) -> str:
    try:
        return part.as_bytes().decode("utf-8", "replace")
    except (UnicodeError, LookupError, ValueError, TypeError, AttributeError, KeyError):
        return ""  # Python cannot write every message that it can read.


def _blocks(report: str) -> Iterator[Message]:
    for block in re.split(r"\n\s*\n", report):
        fields = _fields(block)
        if fields["Final-Recipient"] or fields["Original-Recipient"] or fields["Action"]:
            yield fields


def _fields(block: str) -> Message:
    return HeaderParser().parsestr(block.strip("\n") + "\n\n")


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
