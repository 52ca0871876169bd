"""Whom a report names: the addresses in its fields and in its words. Says nothing of what became of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from digest.bounces.opening import LONGEST_HEADER, Opened

# No longer than an address may be (RFC 5321, 4.5.3.1), so that a run of letters costs no more than its length.
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"'|/\\]{1,64}@[^\s@<>()\[\],;:\"'|/\\]{1,255}")
IN_BRACKETS = re.compile(r"<([^\s@<>]{1,80}@[^\s@<>]{1,255})>")
RETURNED_TO = re.compile(r"^[> \t|]*(?:To|X-HmXmrOriginalRecipient): ?(.+)", re.IGNORECASE)
# An address that stands alone on its line, however it is set off: what may stand around it.
AROUND = " \t<>()[]{}\"'`*#|,;:!?=~_.-–—•·«»"
LONE = re.compile(r"[\w.+=~-]{1,64}@[\w.-]{1,255}")
# A header and what follows it at most, and the notice before any talk of servers.
LINES_OF_HEADER, LINES_OF_NOTICE, MOST_ADDRESSES = 300, 300, 100


def addresses(names: Iterable[str]) -> tuple[str, ...]:
    """The addresses among these, each once, in their order. A comment or a display name is none."""
    found = dict.fromkeys(address for name in names for address in _in_one(name[:LONGEST_HEADER]))
    return tuple(found)[:MOST_ADDRESSES]


def _in_one(name: str) -> list[str]:
    return [one.rstrip(".") for one in IN_BRACKETS.findall(name) or ADDRESS.findall(name)]


def alone_on_a_line(text: str) -> Iterator[str]:
    """The addresses that a notice gives a line of their own, or begins one with: `ada@example.org: 550 …`."""
    for line in text.split("\n", LINES_OF_NOTICE)[:LINES_OF_NOTICE]:
        candidate = line[:400].partition(": ")[0].strip(AROUND)
        if LONE.fullmatch(candidate):
            yield candidate


def returned_to(message: Opened) -> tuple[str, ...]:
    """Whom the returned mail was for, as its own header says, if it says of one alone."""
    lines = message.returned.split("\n", LINES_OF_HEADER)[:LINES_OF_HEADER]
    named = next((found for line in lines if (found := RETURNED_TO.match(line))), None)
    who = addresses([named[1]]) if named else ()
    return who if len(who) == 1 else ()
