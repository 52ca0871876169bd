"""What is counted in the broker, for all processes together. It may be emptied or away at any time."""

from __future__ import annotations

from limits.storage import RedisStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

# A visitor waits for the broker no longer than this, and neither does a mail.
PATIENCE_SECONDS = 1


def counters(broker_url: str) -> RedisStorage:
    """Open the counts; connects at the first one, and raises RedisError then."""
    # Celery says redis+socket:// where the client says unix://.
    url = broker_url.replace("redis+socket://", "unix://", 1)
    patience = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}
    pool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **patience)
    return RedisStorage("redis://", connection_pool=pool, key_prefix="digest")
