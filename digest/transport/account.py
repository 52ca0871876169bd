"""What became of the mails of a group, on its way to whoever writes it down. No result is lost, and few wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from digest.domain import Result

# Results that wait to be written down. While the ledger cannot be reached, no more mails go than these.
MOST_UNWRITTEN = 32
# A statement for each few of them costs more than the mails did: so many go together, if they come soon enough.
ENOUGH, SECONDS_TO_GATHER = 25, 0.02

OnResults = Callable[[Sequence[Result]], None]


class Account:
    """Told by many, written down by one, in a thread of its own."""

    def __init__(self) -> None:
        self._known: asyncio.Queue[Result | None] = asyncio.Queue(MOST_UNWRITTEN)
        self._left: list[Result] = []
        self._enough, self._is_ending = asyncio.Event(), False

    async def tell(self, result: Result) -> None:
        """Wait until there is room for it. Who is stopped meanwhile has told it."""
        try:
            await self._known.put(result)
        except asyncio.CancelledError:
            self.leave(result)
            raise
        if self._known.qsize() >= ENOUGH - 1:
            self._enough.set()

    def leave(self, result: Result) -> None:
        """For the end: of one that is stopped, and waits for nothing."""
        self._left.append(result)

    async def end(self, untried: Iterable[Result]) -> None:
        """Tell what is left, and of those that were not begun; nothing comes after that."""
        self._is_ending = True
        self._enough.set()
        for result in (*self._left, *untried):
            await self._known.put(result)
        await self._known.put(None)

    async def write(self, on_results: OnResults) -> None:
        """Hand on, in one piece, what came in while the last piece was being written down."""
        more = True
        while more:
            piece = [await self._known.get()]
            await self._gather()
            while not self._known.empty():
                piece.append(self._known.get_nowait())
            more = None not in piece
            await asyncio.to_thread(on_results, [result for result in piece if result])

    async def _gather(self) -> None:
        """Let some more come in; nothing is waited for at the end."""
        if not self._is_ending and self._known.qsize() < ENOUGH - 1:
            self._enough.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), SECONDS_TO_GATHER)
