"""How fast mails go out, all workers together: through all relays, and through one that has limits of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerSecond

from digest.settings.servers import Broker, Relay
from digest.transport.rate_limiter import RateLimiter

# What an address nobody knows yet may send on its first day; twice as much on each day after it. Receivers count a
# sender's history in days, and refuse one that begins with thousands.
FIRST_DAY = 200
# Days after which a warm-up bounds nobody: 200 million a day.
WARM_AFTER = 20
# A rate such as 2.5 a second is 5 in 2 seconds.
LONGEST_PERIOD_SECONDS = 60
# Nobody is sent away for longer: meanwhile there may be more room than this process knows of.
LONGEST_TURN_SECONDS = 3_600.0


class SendingRate:
    """Lets so many mails go: a whole number a second, or as a limit says; counted by `name`."""

    def __init__(self, rate: int | RateLimitItem, broker: Broker, name: str = "mails") -> None:
        limit = RateLimitItemPerSecond(rate) if isinstance(rate, int) else rate
        self._limit, self._name = RateLimiter(broker, limit, "mails"), name

    async def wait(self) -> None:
        """Return when the next mail may go."""
        while seconds := await asyncio.to_thread(self._limit.wait, self._name):
            await asyncio.sleep(seconds)

    async def has_room(self) -> bool:
        """Count one mail, if there is room for it now."""
        return not await asyncio.to_thread(self._limit.wait, self._name)


class DomainRates:
    """What the settings let a domain, or a provider, have: so many mails in so many seconds, by all workers together.

    Nobody waits here. Whoever finds no room is told when to come back, each a little later than the one before.
    """

    def __init__(self, rates: Mapping[str, tuple[int, int]], broker: Broker) -> None:
        self._paces = {name: seconds / mails for name, (mails, seconds) in rates.items()}
        self._limits = {
            name: RateLimiter(broker, RateLimitItemPerSecond(mails, seconds), "mails to a domain")
            for name, (mails, seconds) in rates.items()
        }
        self._turns: dict[str, float] = {}

    def wait(self, name: str) -> float:
        """Count a mail to a name that has a rate, and return 0; or the seconds until its turn."""
        seconds = self._limits[name].wait(f"domain {name}")
        if not seconds:
            return 0.0
        now = time.monotonic()
        turn = min(max(self._turns.get(name, 0.0), now + seconds) + self._paces[name], now + LONGEST_TURN_SECONDS)
        self._turns[name] = turn
        return turn - now


class RelayLimits:
    """What one relay allows: so many mails a second, and so many a day, fewer while its address is new."""

    def __init__(self, relay: Relay, broker: Broker, today: Callable[[], date]) -> None:
        self._relay, self._broker, self._today = relay, broker, today
        self._rate = SendingRate(a_second(relay.rate), broker, f"mails {relay}") if relay.rate else None
        self._a_day: tuple[int, SendingRate] | None = None

    async def wait(self) -> None:
        """Return when the next mail may go."""
        if self._rate:
            await self._rate.wait()

    async def over_for_today(self) -> str:
        """Count one mail of the day, which must be in hand; or say why none may go today."""
        most = most_today(self._relay, self._today())
        if most is None or await self._counted(most).has_room():
            return ""
        return f"its {most:,} mails of a day are sent"

    def _counted(self, most: int) -> SendingRate:
        if self._a_day is None or self._a_day[0] != most:
            self._a_day = most, SendingRate(RateLimitItemPerDay(most), self._broker, f"day {self._relay}")
        return self._a_day[1]


def a_second(rate: float) -> RateLimitItem:
    """Write a rate in mails a second as so many in so many seconds."""
    if rate < 1:
        return RateLimitItemPerSecond(1, round(1 / rate))
    share = Fraction(rate).limit_denominator(LONGEST_PERIOD_SECONDS)
    return RateLimitItemPerSecond(share.numerator, share.denominator)


def most_today(relay: Relay, today: date) -> int | None:
    """How many mails a relay may take on a day; None for no limit."""
    if relay.warmup is None or (today - relay.warmup).days > WARM_AFTER:
        return relay.per_day
    warming: int = FIRST_DAY << max(0, (today - relay.warmup).days)
    return warming if relay.per_day is None else min(warming, relay.per_day)
