"""How many mails a second go out, all workers together. Counts in the broker; without it, each process alone."""

from __future__ import annotations

import asyncio
import time

import structlog
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from redis import RedisError

from digest.broker import counters

SHORTEST_WAIT = 0.005


class Pace:
    """Lets so many mails a second go."""

    def __init__(self, rate: int, broker_url: str) -> None:
        self._rate = RateLimitItemPerSecond(rate)
        self._shared = MovingWindowRateLimiter(counters(broker_url))
        self._own = MovingWindowRateLimiter(MemoryStorage())

    async def wait(self) -> None:
        """Return when the next mail may go."""
        while seconds := await asyncio.to_thread(self._count):
            await asyncio.sleep(seconds)

    def _count(self) -> float:
        try:
            return self._seconds(self._shared)
        except RedisError as error:
            structlog.get_logger().warning("the broker is away, so this process counts mails alone", why=str(error))
            return self._seconds(self._own)

    def _seconds(self, limiter: MovingWindowRateLimiter) -> float:
        """Count one mail and return 0, or the seconds until there may be room for it."""
        if limiter.hit(self._rate, "mails"):
            return 0
        return max(SHORTEST_WAIT, limiter.get_window_stats(self._rate, "mails").reset_time - time.time())
