"""Sends finished mails through relays, on a few connections at once, and says what became of each.

It decides nothing about readers: a result carries the server's own words, and the ledger what follows.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from aiosmtplib import SMTPResponseException

from digest.domain import Mail, Result, State
from digest.transport import relay as relays
from digest.transport.rate import RelayLimits, SendingRate
from digest.transport.relay import Relay
from digest.transport.senders import NotBegun, Session, opened
from digest.transport.session import NO_CODE

__all__ = ["OnResults", "Relay", "RelayAway", "Route", "SendingRate", "send_all"]

# A mail is not begun later than this, whatever the clock says: its last reply must come within the ledger's lease.
SECONDS_TO_BEGIN = 300.0
# Results that wait to be written down. While the ledger cannot be reached, no more mails go than these.
MOST_UNWRITTEN = 32
FAILURES_TO_REST = 5
# Mails that are noted as begun together. So many, and what is in flight, a killed process leaves in doubt.
AT_ONCE = 25
# A relay that has taken all by then answers at once: whatever else there is to do would only slow the two down.
SECONDS_UNTIL_SLOW = 0.1


class RelayAway(Exception):
    """No relay can be reached, or none will talk to us: no mail's fault, and the rest should wait too."""


@dataclass(frozen=True, slots=True)
class Route:
    """How mails go out: through which relays, on how many connections at once, how many on each, how fast."""

    relays: tuple[Relay, ...]
    connections: int
    # Relays count mails on a connection, and hang up on those that go on for ever.
    mails_per_connection: int = 50
    rate: SendingRate | None = None
    # Of the relays that have limits of their own.
    limits: Mapping[Relay, RelayLimits] = field(default_factory=dict)
    # So many mails in a row without an answer, or with one that is about the relay or us, and it is the relay's fault.
    failures_to_rest: int = FAILURES_TO_REST
    is_relays_fault: Callable[[str], bool] = lambda words: False
    # Told of mails before they may go, a portion at a time, in a thread of its own; answers which of them still may.
    begin: Callable[[Sequence[Mail]], Collection[int]] = lambda mails: [mail.delivery_id for mail in mails]
    # Asked before each mail: whether it is still ours to send.
    may_begin: Callable[[], bool] = lambda: True
    # What else there is to do while slow relays are awaited: in the same loop, a little at a time. It raises nothing.
    meanwhile: Callable[[], Coroutine[Any, Any, None]] | None = None


OnResults = Callable[[Sequence[Result]], None]


def send_all(mails: Sequence[Mail], route: Route, on_results: OnResults) -> dict[Relay, str]:
    """Send each mail once, and hand `on_results`, in a thread of its own, whatever became known since its last call.

    Returns the relays that failed, and why. Mails that could not be tried are accounted for as `queued`. What
    `on_results` raises ends the round at once, and is raised.
    """
    return asyncio.run(_send_all(mails, route, on_results)) if mails else {}


async def _send_all(mails: Sequence[Mail], route: Route, on_results: OnResults) -> dict[Relay, str]:
    return await _Round(mails, route).send(on_results)


class _Round:
    """One group of mails on its way."""

    def __init__(self, mails: Sequence[Mail], route: Route) -> None:
        self._waiting = deque(mails)
        # Those of them that may go.
        self._ready: deque[Mail] = deque()
        self._beginning = asyncio.Lock()
        self._route = route
        self._trust = relays.trusted() if any(each.tls or each.starttls for each in route.relays) else None
        self._known: asyncio.Queue[Result | None] = asyncio.Queue(MOST_UNWRITTEN)
        self._left: list[Result] = []
        self._begin_until = asyncio.get_running_loop().time() + SECONDS_TO_BEGIN
        self._troubles: dict[Relay, str] = {}
        self._is_slow = False
        self._opened: Counter[Relay] = Counter()
        self._live: Counter[Relay] = Counter()
        self._failures: Counter[Relay] = Counter()

    async def send(self, on_results: OnResults) -> dict[Relay, str]:
        beside = asyncio.create_task(self._meanwhile())
        account = asyncio.create_task(self._account(on_results))
        lanes = asyncio.gather(*(self._lane() for _ in range(min(self._route.connections, len(self._waiting)))))
        try:
            await asyncio.wait((account, lanes), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Nobody writes down any more, or we are told to stop: what is under way ends, and nothing new begins.
            if not lanes.done():
                lanes.cancel()
                with suppress(asyncio.CancelledError):
                    await lanes
            if not account.done():
                giving = asyncio.create_task(self._give_back())
                await asyncio.wait((account,))
                giving.cancel()
        account.result()
        lanes.result()
        if not self._is_slow:
            beside.cancel()
        await asyncio.wait((beside,))
        return self._troubles

    async def _meanwhile(self) -> None:
        """Do what else there is, once it is clear that relays are waited for."""
        if self._route.meanwhile:
            await asyncio.sleep(SECONDS_UNTIL_SLOW)
            self._is_slow = True
            await self._route.meanwhile()

    async def _give_back(self) -> None:
        """Account for what was not begun."""
        why = next(iter(self._troubles.values()), "no time was left to begin it")
        untried = [Result(mail.delivery_id, State.QUEUED, why) for mail in (*self._ready, *self._waiting)]
        for result in self._left + untried:
            await self._known.put(result)
        await self._known.put(None)

    async def _account(self, on_results: OnResults) -> None:
        """Hand on, in one piece, what came in while the last piece was being written down."""
        more = True
        while more:
            piece = [await self._known.get()]
            while not self._known.empty():
                piece.append(self._known.get_nowait())
            more = piece[-1] is not None
            await asyncio.to_thread(on_results, [result for result in piece if result])

    async def _lane(self) -> None:
        """Send mail after mail, on one connection at a time, until none waits or no relay can be used."""
        while self._has_work() and (relay := self._next_relay()):
            self._opened[relay] += 1
            try:
                session = await opened(relay, self._trust)
            except Exception as error:
                if self._live[relay]:
                    # It talks to our other connections: this one was too many.
                    return
                self._troubles[relay] = _words(error)
                continue
            await self._use(session, relay)

    def _has_work(self) -> bool:
        in_time = asyncio.get_running_loop().time() < self._begin_until
        return bool(self._ready or self._waiting) and in_time and self._route.may_begin()

    def _next_relay(self) -> Relay | None:
        """The relay that is furthest behind its share of connections."""
        usable = [relay for relay in self._route.relays if relay not in self._troubles]
        return min(usable, key=lambda relay: (self._opened[relay] + 1) / relay.weight, default=None)

    async def _use(self, session: Session, relay: Relay) -> None:
        self._live[relay] += 1
        self._troubles.pop(relay, None)
        try:
            for _ in range(self._route.mails_per_connection):
                await self._wait(relay)
                # After the waiting: meanwhile the time to begin a mail may be over.
                if not self._has_work() or not session.is_open or relay in self._troubles:
                    break
                if mail := await self._next_mail(relay):
                    await self._tell(replace(await self._send(session, relay, mail), relay=str(relay)))
        except BaseException:
            session.close()
            raise
        finally:
            self._live[relay] -= 1
            await session.part()

    async def _wait(self, relay: Relay) -> None:
        if self._route.rate:
            await self._route.rate.wait()
        if limits := self._route.limits.get(relay):
            await limits.wait()

    async def _next_mail(self, relay: Relay) -> Mail | None:
        """Take a mail, and count it as one of the relay's day; none where that is over, or no mail is left."""
        mail, limits = await self._begun(), self._route.limits.get(relay)
        if mail is None or limits is None:
            return mail
        why = "stopped"
        try:
            why = await limits.over_for_today()
        finally:
            if why:
                self._ready.appendleft(mail)
        if why:
            self._troubles[relay] = why
        return None if why else mail

    async def _begun(self) -> Mail | None:
        """Take a mail that may go; what a killed process had not begun has certainly not arrived."""
        async with self._beginning:
            if not self._ready:
                portion = list(islice(self._waiting, AT_ONCE))
                may_go = set(await asyncio.to_thread(self._route.begin, portion))
                for _ in portion:
                    self._waiting.popleft()
                self._ready.extend(mail for mail in portion if mail.delivery_id in may_go)
            return self._ready.popleft() if self._ready else None

    async def _tell(self, result: Result) -> None:
        try:
            await self._known.put(result)
        except asyncio.CancelledError:
            self._left.append(result)
            raise

    async def _send(self, session: Session, relay: Relay, mail: Mail) -> Result:
        """Send one mail. Before its data nothing can have arrived; after that, silence means nobody knows."""
        silence = State.DEFERRED
        try:
            await session.send_envelope(mail)
            silence = State.UNCERTAIN
            reply = await session.send_data(mail.content)
        except NotBegun as error:
            session.close()
            self._heard(relay, _words(error), answered=False)
            return Result(mail.delivery_id, State.QUEUED, _words(error))
        except SMTPResponseException as error:
            words = _words(error)
            answered = error.code not in (NO_CODE, 421) and not self._route.is_relays_fault(words)
            self._heard(relay, words, answered=answered)
            # RFC 5321 4.2.1: 4yz may be tried again, 5yz must not.
            state = State.FAILED if error.code >= 500 else State.DEFERRED
            return Result(mail.delivery_id, state, words)
        except asyncio.CancelledError:
            session.close()
            self._left.append(Result(mail.delivery_id, silence, "stopped while it was being sent", str(relay)))
            raise
        except Exception as error:
            if isinstance(error, ValueError) and silence is State.DEFERRED:
                return Result(mail.delivery_id, State.FAILED, f"the address cannot be used: {error}")
            session.close()
            self._heard(relay, _words(error), answered=False)
            return Result(mail.delivery_id, silence, _words(error))
        self._heard(relay, "", answered=True)
        return Result(mail.delivery_id, State.SENT, f"{reply.code} {reply.text}")

    def _heard(self, relay: Relay, words: str, *, answered: bool) -> None:
        self._failures[relay] = 0 if answered else self._failures[relay] + 1
        if self._failures[relay] >= self._route.failures_to_rest:
            self._troubles[relay] = words


def _words(error: Exception) -> str:
    """The server's reply, or what else went wrong, in one line."""
    text = f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error)
    return " ".join(text.split()) or type(error).__name__
