"""What ends work in the middle: Ctrl-C, and the end of a task's time. Inside a loop, each asks for an end.

Of mails that go, `asyncio` cancels the first Ctrl-C, and raises at the second wherever it stands: what relays had
answered, and was not written down yet, was lost, and the mails were in doubt. What else a signal raises there, a loop
takes for a fault of whatever ran.
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
# As Celery tells a process that the time of its task is over.
LIMIT = signal.SIGUSR1


class TimeIsUp(BaseException):
    """The time of a task is over. Raised in the middle of it; no `except Exception` takes it for a fault of that."""


# What ends any work, whatever it was about: nothing that was in hand is to blame.
ENDINGS = (TimeIsUp, KeyboardInterrupt, SystemExit)


class Interrupts:
    """A handler of a signal, that counts. Nothing is said from here: it may come in the middle of saying something.

    Each loop that it runs is cancelled at the first; elsewhere the first is raised, in the main thread alone. At the
    second nothing changes, and the third ends it at once. What is in another thread ends by itself, and is waited for.
    """

    def __init__(self, ending: type[BaseException] = KeyboardInterrupt) -> None:
        self.times, self.raised = 0, False
        self._ending, self._in_loop = ending, False
        self._cancel: Callable[[], object] | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.times += 1
        if self.times >= AT_ONCE or (self.times == 1 and not self._in_loop):
            self.raised = True
            raise self._ending
        if self.times == 1 and self._cancel:
            self._cancel()

    def run(self, runner: asyncio.Runner, work: Coroutine[Any, Any, Value]) -> Value:
        """Run it to its end, or to that of what it does when it is cancelled, and then raise what it was ended by."""
        before, self._in_loop = self.times, True
        try:
            value = runner.run(self._watched(work, before))
        except asyncio.CancelledError:
            if self.times > before:
                raise self._ending from None
            raise
        finally:
            self._in_loop = False
        if self.times > before:
            # It came too late to cancel anything.
            raise self._ending
        return value

    async def _watched(self, work: Coroutine[Any, Any, Value], before: int) -> Value:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task
        # Also wakes a loop that waits.
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if before == 0 < self.times:
            # It came before there was anything to cancel.
            task.cancel()
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
    if counting := _counting():
        yield counting[0]
        return
    with _counts(Interrupts(), signal.SIGINT, signal.default_int_handler) as ours:
        yield ours


@contextmanager
def limited(told_by: Callable[..., object]) -> Iterator[None]:
    """Have TimeIsUp raised where the handler `told_by` would be called; where another is in place, it stays."""
    with _counts(Interrupts(TimeIsUp), LIMIT, told_by):
        yield


@contextmanager
def _counts(ours: Interrupts, number: signal.Signals, instead_of: Callable[..., object]) -> Iterator[Interrupts]:
    takes = threading.current_thread() is threading.main_thread() and signal.getsignal(number) is instead_of
    if takes:
        signal.signal(number, ours)
    try:
        yield ours
    finally:
        if takes:
            signal.signal(number, instead_of)


def _counting() -> list[Interrupts]:
    handlers = map(signal.getsignal, (signal.SIGINT, LIMIT))
    return [handler for handler in handlers if isinstance(handler, Interrupts)]


def is_ending(frame: FrameType | None) -> bool:
    """Whether the main thread, in this frame of its, is being ended already: another ending would hide the first."""
    return (frame is not None and frame.f_code is Interrupts.__call__.__code__) or any(x.raised for x in _counting())
