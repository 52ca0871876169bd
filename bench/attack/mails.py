"""Hostile mails that come back: whatever is in one, it is judged in time, alone, and ends nobody's digest."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from functools import partial

from bench import hostile_mails
from bench.attack.tries import Try, at_most
from digest.bounces.safely import Judge

# What an operator would see as a worker that hangs.
MOST_SECONDS = 5
SIZE, SMALL_SIZE = 1_000_000, 100_000
SMALL = 12
CODES = ("5.1.1\0", "\ud800", "5" * 9_000, "5.1.1\x1b[2J", "٥.1.1", "5.1.1'); --", "5.1.1\r\nBcc: eve@example.org")


def attack(small: bool) -> Iterator[Try]:
    """Judge each, one after the other, as the round that empties the mailbox does."""
    kinds = list(hostile_mails.KINDS)
    judge = Judge()
    judge.read(b"Subject: hello\n\nhello\n")
    for kind in kinds[:: len(kinds) // SMALL] if small else kinds:
        content = hostile_mails.mail(kind, SMALL_SIZE if small else SIZE)
        began = time.monotonic()
        reading = judge.read(content)
        took = time.monotonic() - began
        broke = "" if reading.verdict.reason != "unreadable" else "it broke the judge, which is begun anew"
        yield Try(kind, at_most(MOST_SECONDS, took) or broke, f"{took:.2f} s")
    yield from map(partial(_code, judge), CODES)
    judge.close()


def _code(judge: Judge, code: str) -> Try:
    """Write something else in the place of a code: it would go to the database, and to whoever looks."""
    notice = {"bouncedRecipients": [{"emailAddress": "a@b.c", "status": code, "diagnosticCode": "552 mailbox full"}]}
    said = json.dumps({"notificationType": "Bounce", "bounce": notice})
    status = judge.read(f"Subject: Notice\n\n{said}\n".encode()).verdict.status
    return Try("a code that is none", "" if re.fullmatch(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})?", status) else repr(status))
