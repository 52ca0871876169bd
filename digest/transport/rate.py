"""How many mails a second go out, all workers together."""

from __future__ import annotations

import asyncio

from limits import RateLimitItemPerSecond

from digest.settings.servers import Broker
from digest.transport.rate_limiter import RateLimiter


class SendingRate:
    """Lets so many mails a second go."""

    def __init__(self, rate: int, broker: Broker) -> None:
        self._limit = RateLimiter(broker, RateLimitItemPerSecond(rate), "mails")

    async def wait(self) -> None:
        """Return when the next mail may go."""
        while seconds := await asyncio.to_thread(self._limit.wait, "mails"):
            await asyncio.sleep(seconds)
