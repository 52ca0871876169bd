"""Who is sent less for a while: a domain that asks for it, a provider several of whose domains do, and by settings.

A provider's throttle holds up every domain behind the same mail servers, so one domain cannot pull it. Anybody may let
his MX point at somebody else's servers, and what is answered to his mail may be of his making: so only answers to mails
that went count, from several domains that have nothing to do with each other, and not while most others there are
served. Whatever comes of it is a delay of minutes, never a verdict on a reader.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from digest.domain import Breaker, Delivery, Result, State
from digest.jobs import blame
from digest.jobs.routing import DOMAIN_REST, LONGEST_DOMAIN_REST, without_addresses
from digest.logs import get_logger
from digest.readers import schedule
from digest.store import breakers
from digest.transport.providers import Providers, organisational

log = get_logger()

# A domain's answer speaks for its provider for so long.
HEARD_FOR = timedelta(minutes=15)
FEWEST_DOMAINS = 3
# Of the domains of a provider that answered lately.
LEAST_SHARE = 0.5
MOST_HEARD = 2_000
# The states in which somebody has answered.
ANSWERED = (State.SENT, State.DEFERRED, State.FAILED)

Held = tuple[Delivery, Result, datetime]


@dataclass(frozen=True, slots=True)
class Heard:
    """When a domain last answered, and when it last asked for less."""

    at: datetime
    slow_at: datetime | None = None


def nobody_in_a_hurry(_name: str) -> float:
    return 0.0


class Throttles:
    """What this process knows of who wants less; who rests is in the database, for all.

    `wait` counts a mail to a domain or provider that the settings give a rate, and says for how long there is no room;
    `rated` are the names of those.
    """

    def __init__(
        self,
        providers: Providers | None = None,
        rated: Iterable[str] = (),
        wait: Callable[[str], float] = nobody_in_a_hurry,
    ) -> None:
        self._providers, self._rated, self._wait = providers, frozenset(rated), wait
        self._heard: OrderedDict[str, Heard] = OrderedDict()

    def hear(self, engine: Engine, answers: Iterable[tuple[Delivery, Result]], now: datetime) -> None:
        """Slow the domains that asked for it, and the providers that most of whose domains did."""
        slow: dict[str, str] = {}
        for delivery, result in answers:
            if result.state in ANSWERED:
                slow |= self._note(domain_of(delivery), result, now)
        for domain, why in slow.items():
            _trip(engine, f"domain {domain}", why, now)
        for provider, why in self._pressed(slow, now).items():
            _trip(engine, f"provider {provider}", why, now)

    def held(self, delivery: Delivery, slowed: Mapping[str, Breaker], now: datetime) -> Held | None:
        """What the ledger says of a delivery that must not go yet: not tried, and when it is its turn."""
        domain = domain_of(delivery)
        breaker = slowed.get(f"domain {domain}") or self._slowed_provider(domain, slowed)
        if breaker:
            result = Result(delivery.id, State.QUEUED, f"{breaker.name} is slowed: {breaker.reason}")
            return delivery, result, schedule.after_rest(delivery.id, breaker.until, now)
        if (name := self._rate_of(domain)) and (seconds := self._wait(name)):
            result = Result(delivery.id, State.QUEUED, f"{name} gets no more for now (DIGEST_DOMAIN_RATE)")
            return delivery, result, now + timedelta(seconds=seconds)
        return None

    def _slowed_provider(self, domain: str, slowed: Mapping[str, Breaker]) -> Breaker | None:
        if self._providers is None or not any(name.startswith("provider ") for name in slowed):
            return None
        return slowed.get(f"provider {self._providers.of(domain)}")

    def _rate_of(self, domain: str) -> str:
        if not self._rated or domain in self._rated:
            return domain if self._rated else ""
        provider = self._providers.of(domain) if self._providers else domain
        return provider if provider in self._rated else ""

    def _note(self, domain: str, result: Result, now: datetime) -> dict[str, str]:
        asks = result.state is State.DEFERRED and blame.asks_to_slow_down(result.reason)
        before = self._heard.pop(domain, Heard(now))
        self._heard[domain] = Heard(now, now if asks else before.slow_at)
        if len(self._heard) > MOST_HEARD:
            self._heard.popitem(last=False)
        return {domain: result.reason} if asks else {}

    def _pressed(self, slow: Mapping[str, str], now: datetime) -> dict[str, str]:
        """The providers of these domains that ask for less, as far as is known by now, and one's words."""
        if self._providers is None or not slow:
            return {}
        lately = {domain: heard for domain, heard in self._heard.items() if now - heard.at < HEARD_FOR}
        # Whoever is asked for here is known the next time.
        behind = {domain: self._providers.of(domain) for domain in lately}
        theirs = {behind[domain]: why for domain, why in slow.items() if domain in behind}
        return {
            provider: why
            for provider, why in theirs.items()
            if asks_for_less({domain: lately[domain] for domain in behind if behind[domain] == provider}, now)
        }


def asks_for_less(domains: Mapping[str, Heard], now: datetime) -> bool:
    """Whether a provider does, by what its domains last answered."""
    asking = {organisational(domain) for domain, heard in domains.items() if _asks(heard, now)}
    answering = {organisational(domain) for domain in domains}
    return len(asking) >= FEWEST_DOMAINS and len(asking) >= LEAST_SHARE * len(answering)


def _asks(heard: Heard, now: datetime) -> bool:
    return heard.slow_at is not None and now - heard.slow_at < HEARD_FOR


def _trip(engine: Engine, name: str, why: str, now: datetime) -> None:
    words = without_addresses(why)
    if breaker := breakers.trip(engine, name, words, DOMAIN_REST, LONGEST_DOMAIN_REST, now):
        kind, _, whose = name.partition(" ")
        log.warning(f"{kind}.throttled", **{kind: whose}, until=f"{breaker.until:%H:%M} UTC", why=words)


def domain_of(delivery: Delivery) -> str:
    return delivery.address.rpartition("@")[2].casefold()
