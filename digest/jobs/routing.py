"""Which relays may be used now, and who is to be left alone: what opens a circuit, and the log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from digest.domain import Breaker, Mail, Result, State
from digest.jobs import blame
from digest.jobs.blame import Blame
from digest.logs import get_logger
from digest.store import breakers, day_counts
from digest.transport.smtp import OnResults, Relay, Route, send_all

log = get_logger()

# When a relay is away, how long its mails rest; each time longer.
RELAY_REST, LONGEST_RELAY_REST = timedelta(minutes=1), timedelta(minutes=15)
# When it is our account or our name that it minds: nothing that mends itself in a minute, and more mails make it worse.
ACCOUNT_REST, LONGEST_ACCOUNT_REST = timedelta(minutes=15), timedelta(hours=2)
# When a domain asks us to slow down.
DOMAIN_REST, LONGEST_DOMAIN_REST = timedelta(minutes=5), timedelta(hours=1)
# Beside no reader, nothing is kept that names one.
ADDRESS = re.compile(r"<?[^\s<>@]{1,100}@[^\s<>]{1,255}>?")


@dataclass(frozen=True, slots=True)
class Routing:
    """The relays to use; domains and providers that rest, by breaker; the breaker, as it was, of one that is tried."""

    relays: tuple[Relay, ...]
    slowed: Mapping[str, Breaker]
    tried: Breaker | None = None

    @property
    def half_open(self) -> bool:
        return self.tried is not None


def current(engine: Engine, relays: Iterable[Relay], now: datetime) -> Routing:
    """Read the breakers. A relay left alone long enough is half-open: one worker tries it with one mail."""
    known = breakers.known(engine)
    slowed = {name: each for name, each in known.items() if each.until > now and not name.startswith("relay ")}
    free = []
    for relay in relays:
        breaker = known.get(f"relay {relay}")
        if breaker is None:
            free.append(relay)
        elif breaker.until <= now and _trip_relay(engine, relay, breaker.reason, now):
            # Until the mail went, it rests for all others, and longer than before.
            return Routing((relay,), slowed, tried=breaker)
    return Routing(tuple(free), slowed)


def send(
    engine: Engine,
    mails: Sequence[Mail],
    routing: Routing,
    route: Route,
    on_results: OnResults,
    clock: Callable[[], datetime],
) -> dict[Relay, str]:
    """Send through the relays of this routing, and note which of them rest now and which is back; return troubles."""
    route = replace(route, relays=routing.relays, is_relays_fault=lambda words: blame.of_words(words) is not None)
    if routing.half_open:
        # That it greets is not enough: it has to answer the mail.
        route = replace(route, connections=1, failures_to_rest=1)
    attempts: Counter[tuple[str, str]] = Counter()
    try:
        failures = send_all(mails, route, partial(_heard, attempts, on_results))
    finally:
        _count(engine, attempts, clock())
    open_circuits(engine, failures, clock())
    if routing.tried and not failures:
        if attempts:
            close_circuit(engine, routing.relays[0])
        else:
            # Nothing went: no mail came of what was claimed, or none waits. The next one tries it, and at once.
            breakers.put_back(engine, routing.tried)
    return failures


def _heard(attempts: Counter[tuple[str, str]], on_results: OnResults, results: Sequence[Result]) -> None:
    asked = (one for one in results if one.relay and one.state is not State.QUEUED)
    attempts.update((one.relay, one.state.value) for one in asked)
    on_results(results)


def _count(engine: Engine, attempts: Counter[tuple[str, str]], now: datetime) -> None:
    """Add what relays did with mails to the day's figures. Nobody waits for these: the ledger has the truth."""
    try:
        day_counts.add_all(engine, day_counts.RELAYS, attempts, now)
    except DBAPIError as error:
        log.warning("relay.uncounted", mails=attempts.total(), why=type(error).__name__)


def open_circuits(engine: Engine, failures: Mapping[Relay, str], now: datetime) -> None:
    """Let relays that failed rest, and say so once."""
    for relay, why in failures.items():
        if breaker := _trip_relay(engine, relay, why, now):
            log.error("relay.opened", relay=str(relay), until=f"{breaker.until:%H:%M} UTC", why=breaker.reason)


def _trip_relay(engine: Engine, relay: Relay, why: str, now: datetime) -> Breaker | None:
    for_how_long = RELAY_REST, LONGEST_RELAY_REST
    if blame.of_words(why) in (Blame.ACCOUNT, Blame.SENDER):
        for_how_long = ACCOUNT_REST, LONGEST_ACCOUNT_REST
    return breakers.trip(engine, f"relay {relay}", without_addresses(why), *for_how_long, now)


def close_circuit(engine: Engine, relay: Relay) -> None:
    breakers.reset(engine, f"relay {relay}")
    log.warning("relay.closed", relay=str(relay))


def without_addresses(words: str) -> str:
    """A server's words as they may be kept beside no reader, and logged."""
    return ADDRESS.sub("<address>", words)
