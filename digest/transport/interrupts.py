"""What Ctrl-C does while mails go: the first asks for an end, the second changes nothing, the third ends it at once.

`asyncio` cancels at the first, and raises at the second wherever it stands: what relays had answered, and was not
written down yet, was lost, and the mails were in doubt.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

Value = TypeVar("Value")

AT_ONCE = 3


class Interrupts:
    """A handler of SIGINT that counts. Nothing is said from here: a signal may come in the middle of saying something.

    Each loop that it runs is cancelled at the first; elsewhere the first is a KeyboardInterrupt, as ever.
    """

    def __init__(self) -> None:
        self.times = 0
        self._cancel: Callable[[], object] | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.times += 1
        if self.times == 1 and self._cancel:
            self._cancel()
        elif self.times == 1 or self.times >= AT_ONCE:
            raise KeyboardInterrupt

    def run(self, runner: asyncio.Runner, work: Coroutine[Any, Any, Value]) -> Value:
        """Run it to its end, or to that of what it does when it is cancelled, and then raise KeyboardInterrupt."""
        before = self.times
        try:
            value = runner.run(self._watched(work))
        except asyncio.CancelledError:
            if self.times > before:
                raise KeyboardInterrupt from None
            raise
        if self.times > before:
            # It came too late to cancel anything.
            raise KeyboardInterrupt
        return value

    async def _watched(self, work: Coroutine[Any, Any, Value]) -> Value:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task
        # Also wakes a loop that waits.
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            return await work
        finally:
            self._cancel = None


async def outlast(*tasks: asyncio.Task[Any]) -> None:
    """Wait for all of them, also when we are told to stop; and be stopped then."""
    stopped = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            stopped = error
    if stopped:
        raise stopped


@contextmanager
def counted() -> Iterator[Interrupts]:
    """Count interrupts from here on, or go on where somebody counts; not where others have handlers of theirs."""
    before = signal.getsignal(signal.SIGINT)
    if isinstance(before, Interrupts):
        yield before
        return
    ours = Interrupts()
    takes = threading.current_thread() is threading.main_thread() and before is signal.default_int_handler
    if takes:
        signal.signal(signal.SIGINT, ours)
    try:
        yield ours
    finally:
        if takes:
            signal.signal(signal.SIGINT, before)
