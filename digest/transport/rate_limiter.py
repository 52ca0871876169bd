"""What is counted in the broker, for all processes together. It may be emptied or away at any time."""

from __future__ import annotations

import time
from contextlib import suppress

from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from digest.logs import get_logger
from digest.settings.servers import Broker

log = get_logger()
# A visitor waits for the broker no longer than this, and neither does a mail.
PATIENCE_SECONDS = 1
SHORTEST_WAIT = 0.005
# A broker that is away is left alone for so long: otherwise each visitor would hold a thread for all of our patience.
ALONE_SECONDS = 5.0


class RateLimiter:
    """So many of something in a time, for all processes together; while the broker is away, for each alone."""

    def __init__(self, broker: Broker, most: RateLimitItem, of: str) -> None:
        self._most, self._of = most, of
        self._shared = MovingWindowRateLimiter(_counters(broker))
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._alone_until = 0.0

    def wait(self, key: str) -> float:
        """Count one under this key, and return 0; or the seconds until there may be room for it."""
        if time.monotonic() < self._alone_until:
            return self._wait(self._own, key)
        try:
            return self._wait(self._shared, key)
        except RedisError as error:
            self._alone_until = time.monotonic() + ALONE_SECONDS
            log.warning("broker.away", counted_alone=self._of, why=str(error))
            return self._wait(self._own, key)

    def forget(self, key: str) -> None:
        """Count nothing under this key any more."""
        self._own.clear(self._most, key)
        with suppress(RedisError):
            self._shared.clear(self._most, key)

    def _wait(self, limiter: MovingWindowRateLimiter, key: str) -> float:
        if limiter.hit(self._most, key):
            return 0
        return max(SHORTEST_WAIT, limiter.get_window_stats(self._most, key).reset_time - time.time())


def answers(broker: Broker) -> bool:
    """Whether the broker is there."""
    pool = _pool(broker)
    try:
        return bool(Redis(connection_pool=pool).ping())
    except RedisError:
        return False
    finally:
        pool.disconnect()


def _counters(broker: Broker) -> RedisStorage:
    """Open the counts; connects at the first one, and raises RedisError then."""
    return RedisStorage("redis://", connection_pool=_pool(broker), key_prefix=broker.prefix)


def _pool(broker: Broker) -> ConnectionPool:
    patience = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}
    return ConnectionPool.from_url(broker.client_url, retry=Retry(NoBackoff(), 0), **patience)
