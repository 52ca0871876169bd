"""Notices of a failure that follow no standard. flufl.bounce knows many who write them, and says whom they name.

flufl.bounce is given a small copy of the message: its patterns take quadratic time, and more, on long lines.
"""

from __future__ import annotations

import logging
import re
from email.message import Message
from itertools import islice

from digest.bounces.addressees import addresses, alone_on_a_line, returned_to
from digest.bounces.limits import short_lines
from digest.bounces.opening import RETURNED, Opened, decoded, header_of
from digest.bounces.signs import speaks_of_failure, still_trying
from digest.bounces.witnesses import weighed
from digest.domain import Verdict, VerdictKind

# What a notice says before it quotes: some forty lines; twice that for those of several languages.
LONGEST_LINE, MOST_LINES, MOST_PARTS = 250, 100, 3
# The headers that flufl.bounce looks at.
LOOKED_AT = ("From", "Subject", "X-Mailer", "X-Failed-Recipients", "Content-Description")
# No line of a notice has more of these; patterns try each of them as a beginning.
TRIED_AS_BEGINNINGS = re.compile(r"([<,*@])((?:(?!\1).){0,3}\1){9,}.*")
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


def failure_notice(message: Opened) -> Verdict | None:
    """Read a notice that follows no standard."""
    temporary, permanent = _failures(message.message)
    who = addresses([*sorted(permanent), *sorted(temporary)]) or addresses([message.header("X-Failed-Recipients")])
    failed = bool(who) or speaks_of_failure(message)
    if not failed and (not message.attached or _answers(message)):
        return None
    found = weighed(message)
    if not failed and not found.sure:
        return None
    who = who or addresses(alone_on_a_line(message.text)) or returned_to(message)
    if not who and found.reason == "unknown":
        return None
    if still_trying(message) or (temporary and not permanent):
        return Verdict(VerdictKind.DELAYED, who, found.reason, found.status)
    return Verdict(found.kind, who, found.reason, found.status)


def _answers(message: Opened) -> bool:
    return bool(re.match(r"(?:re|aw|sv|fwd?) ?:", message.header("Subject"), re.IGNORECASE))


def _failures(message: Message) -> tuple[list[str], list[str]]:
    # It compiles hundreds of patterns when it is imported; most messages that come back follow the standard.
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(_small_copy(message))
    except Exception:
        return [], []  # It breaks on some of what strangers send, each time in another way.
    return [one.decode("latin-1") for one in temporary], [one.decode("latin-1") for one in permanent]


def _small_copy(message: Message) -> Message:
    """A message of the same shape, two levels deep, with the beginning of each text and nothing that it returns."""
    copy = _bare(message)
    payload = message.get_payload()
    if isinstance(payload, list) and message.get_content_maintype() == "multipart":
        parts = [part for part in payload if isinstance(part, Message)]
        copy.set_payload([_leaf(part) for part in islice(parts, MOST_PARTS)])
        return copy
    return _leaf(message)


def _leaf(part: Message) -> Message:
    inner = part.get_payload()
    if isinstance(inner, list) and part.get_content_maintype() == "multipart":
        # In multipart/alternative the plain text comes first (RFC 2046, 5.1.4).
        part = next((one for one in inner if isinstance(one, Message)), part)
    copy = _bare(part)
    is_text = not part.is_multipart() and part.get_content_type() not in RETURNED
    text = short_lines(decoded(part), LONGEST_LINE, MOST_LINES) if is_text else ""
    lines = (TRIED_AS_BEGINNINGS.sub("", line) for line in text.split("\n"))
    copy.set_payload("\n".join(lines).encode("utf-8", "replace").decode("ascii", "surrogateescape"))
    return copy


def _bare(part: Message) -> Message:
    copy = Message()
    for name in LOOKED_AT:
        if value := header_of(part, name):
            # A bracket opens a comment, and comments nest without end.
            copy[name] = value.replace("(", " ")
    copy["Content-Type"] = part.get_content_type()
    return copy
