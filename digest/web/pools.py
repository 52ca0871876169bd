"""Where a request's work is done: never on the event loop, and dear work never before what people depend on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from digest.web.limits import network

P = ParamSpec("P")
T = TypeVar("T")

# All compete for one interpreter: more at once would only take longer, each of them.
DEAR_AT_ONCE = 2
# Feed readers, pictures and pasted papers wait for their like, and for nobody who types a topic.
FEEDS_AT_ONCE = PICTURES_AT_ONCE = PASTES_AT_ONCE = 1
MOST_WAITING = 32
# Of them, so many from one network: the others find a place whatever one does.
MOST_OF_ONE_NETWORK = 16
DEADLINE_SECONDS = 5.0
LOOK_UP_SECONDS = 0.1
# Whoever is counted, shown a page or refused one: each is short, and they, too, compete for one interpreter.
ORDINARY_AT_ONCE = 4
# Strangers may send many forms that cost milliseconds and come to nothing.
JOINING_AT_ONCE = 2
# Leaving, confirming and the page behind a mail's link: never behind anything else.
VITAL_AT_ONCE = 16


class Busy(HTTPException):
    """There is no room for more dear work just now."""

    def __init__(self) -> None:
        super().__init__(503, headers={"Retry-After": "5"})


class Queue:
    """A few threads for dear work of one kind, and visitors who wait for their turn."""

    def __init__(self, at_once: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(at_once, name)
        self._waiting: Counter[str] = Counter()

    async def run(self, request: Request, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work for a visitor who waits, and not for long; raise Busy when they would, and stop when they leave.

        What has begun goes on to its end, which the matcher's budget bounds; what has not is never begun.
        """
        whose = self.room_for(request)
        self._waiting[whose] += 1
        begun = asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        try:
            return await self._await(request, begun)
        finally:
            begun.cancel()
            self._waiting -= Counter((whose,))

    def room_for(self, request: Request) -> str:
        """Name the network a visitor would wait as; raise Busy when there is no place for them."""
        whose = network(request.client and request.client.host)
        if self._waiting.total() >= MOST_WAITING or self._waiting[whose] >= MOST_OF_ONE_NETWORK:
            raise Busy
        return whose

    async def _await(self, request: Request, begun: asyncio.Future[T]) -> T:
        deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            done, _ = await asyncio.wait({begun}, timeout=LOOK_UP_SECONDS)
            if done:
                return begun.result()
            if await request.is_disconnected():
                raise ClientDisconnect
        raise Busy

    def begin(self, work: Callable[[], object]) -> None:
        """Start work that nobody waits for."""
        self._threads.submit(work)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Pools:
    """The places to work: for what is dear, for what is ordinary, and for what must always get through."""

    def __init__(self) -> None:
        self.dear = Queue(DEAR_AT_ONCE, "dear")
        self.feeds = Queue(FEEDS_AT_ONCE, "feeds")
        self.pictures = Queue(PICTURES_AT_ONCE, "pictures")
        self.pastes = Queue(PASTES_AT_ONCE, "pastes")
        self.ordinary = CapacityLimiter(ORDINARY_AT_ONCE)
        self.joining = CapacityLimiter(JOINING_AT_ONCE)
        self.vital = CapacityLimiter(VITAL_AT_ONCE)

    async def run(self, limiter: CapacityLimiter, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread.run_sync(lambda: work(*args, **kwargs), limiter=limiter)

    def begin(self, work: Callable[[], object]) -> None:
        """Start dear work that nobody waits for."""
        self.dear.begin(work)

    def close(self) -> None:
        for queue in (self.dear, self.feeds, self.pictures, self.pastes):
            queue.close()
