"""Which relays may be used now, and which domains are to be left alone: the decisions about brakes, and their log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine

from digest.domain import Brake, Delivery, Mail, Result, State
from digest.store import breakers
from digest.transport.smtp import OnResults, Relay, Route, send_all

log = structlog.get_logger()

# When a relay is away, how long its mails rest; each time longer.
RELAY_REST, LONGEST_RELAY_REST = timedelta(minutes=1), timedelta(minutes=15)
# When a domain asks us to slow down.
DOMAIN_REST, LONGEST_DOMAIN_REST = timedelta(minutes=5), timedelta(hours=1)
# RFC 3463 3.8, and what the large providers say (421 4.7.28, "temporarily deferred due to user complaints").
SLOW_DOWN = re.compile(r"^4\d\d.*\b4\.7\.\d+\b|temporarily deferred", re.IGNORECASE)
# That is one mail's affair, and over with its next attempt.
GREYLISTED = re.compile(r"gr[ea]y.?list", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The relays to use, whether one of them is only tried, and the domains that rest."""

    relays: tuple[Relay, ...]
    trying: bool
    slowed: Mapping[str, Brake]


def traffic(engine: Engine, relays: Iterable[Relay], now: datetime) -> Traffic:
    """Look at the brakes. A relay that rested long enough is tried with one mail, by one worker."""
    known = breakers.known(engine)
    slowed = {name.removeprefix("domain "): each for name, each in known.items() if each.until > now}
    free = []
    for relay in relays:
        brake = known.get(f"relay {relay}")
        if brake is None:
            free.append(relay)
        elif brake.until <= now and _rest(engine, relay, brake.reason, now):
            # Until the mail went, it rests for all others, and longer than before.
            return Traffic((relay,), True, slowed)
    return Traffic(tuple(free), False, slowed)


def send(
    engine: Engine,
    mails: Sequence[Mail],
    traffic: Traffic,
    route: Route,
    on_results: OnResults,
    clock: Callable[[], datetime],
) -> dict[Relay, str]:
    """Send through the relays of this traffic, and note which of them rest now and which is back; return troubles."""
    route = replace(route, relays=traffic.relays)
    if traffic.trying:
        # That it greets is not enough: it has to answer the mail.
        route = replace(route, connections=1, failures_to_rest=1)
    troubles = send_all(mails, route, on_results)
    rest(engine, troubles, clock())
    if traffic.trying and mails and not troubles:
        recover(engine, traffic.relays[0])
    return troubles


def rest(engine: Engine, troubles: Mapping[Relay, str], now: datetime) -> None:
    """Let relays that failed rest, and say so once."""
    for relay, why in troubles.items():
        if brake := _rest(engine, relay, why, now):
            log.error("a relay rests", relay=str(relay), until=f"{brake.until:%H:%M} UTC", why=why)


def _rest(engine: Engine, relay: Relay, why: str, now: datetime) -> Brake | None:
    return breakers.pull(engine, f"relay {relay}", why, RELAY_REST, LONGEST_RELAY_REST, now)


def recover(engine: Engine, relay: Relay) -> None:
    breakers.release(engine, f"relay {relay}")
    log.warning("a relay is back", relay=str(relay))


def heed(engine: Engine, answers: Iterable[tuple[Delivery, Result]], now: datetime) -> None:
    """Slow the domains that asked for it."""
    asked = {domain_of(delivery): result.reason for delivery, result in answers if _asks_to_slow_down(result)}
    for domain, why in asked.items():
        if brake := breakers.pull(engine, f"domain {domain}", why, DOMAIN_REST, LONGEST_DOMAIN_REST, now):
            log.warning("a domain is slowed", domain=domain, until=f"{brake.until:%H:%M} UTC", why=why)


def _asks_to_slow_down(result: Result) -> bool:
    words = result.reason
    return result.state is State.DEFERRED and bool(SLOW_DOWN.search(words)) and not GREYLISTED.search(words)


def domain_of(delivery: Delivery) -> str:
    return delivery.address.rpartition("@")[2].casefold()
