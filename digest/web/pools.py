"""Where a request's work is done: never on the event loop, and dear work never before what people depend on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

P = ParamSpec("P")
T = TypeVar("T")

# All compete for one interpreter: more at once would only take longer, each of them.
DEAR_AT_ONCE = 2
MOST_WAITING = 32
DEADLINE_SECONDS = 5.0
LOOK_UP_SECONDS = 0.1
ORDINARY_AT_ONCE = 16
# Leaving, confirming and the page behind a mail's link: never behind anything else.
VITAL_AT_ONCE = 16


class Busy(HTTPException):
    """There is no room for more dear work just now."""

    def __init__(self) -> None:
        super().__init__(503, headers={"Retry-After": "5"})


class Pools:
    """Three places to work: for what is dear, for what is ordinary, and for what must always get through."""

    def __init__(self) -> None:
        self._dear = ThreadPoolExecutor(DEAR_AT_ONCE, "dear")
        self._waiting = 0
        self.ordinary = CapacityLimiter(ORDINARY_AT_ONCE)
        self.vital = CapacityLimiter(VITAL_AT_ONCE)

    async def run(self, limiter: CapacityLimiter, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread.run_sync(lambda: work(*args, **kwargs), limiter=limiter)

    async def run_dear(self, request: Request, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work for a visitor who waits, and not for long; raise Busy when they would, and stop when they leave.

        What has begun goes on to its end, which the matcher's budget bounds; what has not is never begun.
        """
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        begun = asyncio.get_running_loop().run_in_executor(self._dear, lambda: work(*args, **kwargs))
        try:
            return await self._await(request, begun)
        finally:
            begun.cancel()
            self._waiting -= 1

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
        """Start dear work that nobody waits for."""
        self._dear.submit(work)

    def close(self) -> None:
        self._dear.shutdown(wait=False, cancel_futures=True)
