"""Hostile mails that come back: whatever is in one, it is judged in time, alone, and ends nobody's digest."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench import hostile_mails
from bench.attack.tries import Try, at_most
from digest.bounces.safely import Judge

# What an operator would see as a worker that hangs.
MOST_SECONDS = 5
SIZE, SMALL_SIZE = 1_000_000, 100_000
SMALL = 12


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
    judge.close()
