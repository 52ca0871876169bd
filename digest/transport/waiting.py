"""The mails of a group that have not gone yet, and which of them may: taken a portion at a time, and given back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice, takewhile

from digest.domain import Mail

# Mails that are noted as begun together. So many, and what is in flight, a killed process leaves in doubt.
AT_ONCE = 25


class Waiting:
    """Who takes a mail sends it or gives it back, and then it is the first again."""

    def __init__(
        self,
        mails: Sequence[Mail],
        begin: Callable[[Sequence[Mail]], Collection[int]],
        goes_alone: Callable[[Mail], bool] = lambda mail: False,
    ) -> None:
        self._begin, self._goes_alone = begin, goes_alone
        # A deque is emptied: what is sent takes no room while the next group is written.
        self._waiting = mails if isinstance(mails, deque) else deque(mails)
        self._ready = deque[Mail]()  # These may go.
        self._beginning: asyncio.Task[None] | None = None
        # Those that were given back, by number.
        self._returned = set[int]()
        # No mail waits for a connection any more.
        self.drained = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._ready or self._waiting)

    def __len__(self) -> int:
        return len(self._ready) + len(self._waiting)

    def __iter__(self) -> Iterator[Mail]:
        yield from self._ready
        yield from self._waiting

    async def take(self, seconds: float | None = None) -> Mail | None:
        """Take a mail that may go, if there is one within so many seconds. Raises what `begin` raises."""
        while not self._ready and self._waiting:
            beginning = self._beginning = self._beginning or asyncio.create_task(self._next_portion())
            # Several wait for the same one.
            await asyncio.wait((beginning,), timeout=seconds)
            # What it met is for who needs a mail, not for who would like to send one along.
            if not beginning.done() or (seconds is not None and _has_failed(beginning)):
                return None
            if self._beginning is beginning:
                self._beginning = None
            beginning.result()
        mail = self._ready.popleft() if self._ready else None
        if not self:
            self.drained.set()
        return mail

    async def take_to_follow(self, seconds: float) -> Mail | None:
        """As `take`, one whose envelope may go along with another mail's data."""
        first = next(iter(self), None)
        if not first or self.goes_alone(first) or not (following := await self.take(seconds)):
            return None
        # Meanwhile one may have been given back.
        if self.goes_alone(following):
            self.give_back(following)
            return None
        return following

    def give_back(self, mail: Mail) -> None:
        """Something came between: next time nothing is sent along that could be the reason."""
        self._returned.add(mail.delivery_id)
        self._ready.appendleft(mail)

    def goes_alone(self, mail: Mail) -> bool:
        return mail.delivery_id in self._returned or self._goes_alone(mail)

    def close(self) -> None:
        """Take no further portion."""
        if self._beginning and not self._beginning.cancel() and not self._beginning.cancelled():
            # It raised what nobody is left to hear.
            self._beginning.exception()

    async def _next_portion(self) -> None:
        """What a killed process had not begun has certainly not arrived."""
        # One that nobody knows of whether it has arrived is begun by itself: a second such end is its last.
        portion = list(takewhile(lambda mail: not self._goes_alone(mail), islice(self._waiting, AT_ONCE)))
        portion = portion or [self._waiting[0]]
        may_go = set(await asyncio.to_thread(self._begin, portion))
        for _ in portion:
            self._waiting.popleft()
        self._ready.extend(mail for mail in portion if mail.delivery_id in may_go)


def _has_failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None
