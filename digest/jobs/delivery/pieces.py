"""How results come to the ledger: a few at a time, as each piece costs a statement and a wait for the disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from digest.domain import Result

# Fewer than `transport` lets wait (32): whatever kills a worker, no more is in doubt than without the waiting.
WORTH_A_STATEMENT = 20
LONGEST_WAIT_SECONDS = 0.04


class Pieces:
    """After a piece was written down, waits in the sender's thread until the next is worth as much.

    For so long as that takes at the pace of the last one; never for more than is still to come.
    """

    def __init__(self, write: Callable[[Sequence[Result]], None], mails: int) -> None:
        self._write, self._left = write, mails
        self._taken_at: float | None = None

    def __call__(self, results: Sequence[Result]) -> None:
        before, self._taken_at = self._taken_at, time.monotonic()
        self._write(results)
        self._left -= len(results)
        if before is not None and results:
            worth = min(WORTH_A_STATEMENT, self._left) * (self._taken_at - before) / len(results)
            time.sleep(pause(worth, time.monotonic() - self._taken_at))


def pause(worth: float, gone: float) -> float:
    """The seconds to wait, where a piece is worth writing after some, of which some are gone."""
    return max(0.0, min(worth, LONGEST_WAIT_SECONDS) - gone)
