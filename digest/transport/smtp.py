"""Sends finished mails through relays, on a few connections at once, and says what became of each.

It decides nothing about readers: a result carries the server's own words, and the ledger what follows.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from aiosmtplib import SMTPResponseException

from digest.domain import Mail, Result, State
from digest.transport import pace
from digest.transport.interrupts import outlast
from digest.transport.kept import Gone, Kept, Line
from digest.transport.relay import Relay
from digest.transport.route import FAILURES_TO_REST, Route
from digest.transport.senders import NotBegun, opened
from digest.transport.session import NO_CODE

__all__ = ["FAILURES_TO_REST", "Kept", "OnResults", "Relay", "RelayAway", "Route", "send_all"]

# A mail is not begun later than this, whatever the clock says: its last reply must come within the ledger's lease.
SECONDS_TO_BEGIN = 300.0
# Results that wait to be written down. While the ledger cannot be reached, no more mails go than these.
MOST_UNWRITTEN = 32
# Mails that are noted as begun together. So many, and what is in flight, a killed process leaves in doubt.
AT_ONCE = 25
# To open a connection takes as long as some mails: for fewer than these it is opened only once relays turn out slow.
MAILS_TO_OPEN_FOR = 10


class RelayAway(Exception):
    """No relay can be reached, or none will talk to us: no mail's fault, and the rest should wait too."""


OnResults = Callable[[Sequence[Result]], None]


def send_all(mails: Sequence[Mail], route: Route, on_results: OnResults, kept: Kept | None = None) -> dict[Relay, str]:
    """Send each mail once, and hand `on_results`, in a thread of its own, whatever became known since its last call.

    Connections are taken from `kept`, and left there as far as they may carry more. Returns the relays that failed, and
    why. Mails that could not be tried are accounted for as `queued`. What `on_results` raises ends the round at once,
    and is raised.
    """
    if kept is None:
        with Kept() as kept:
            return send_all(mails, route, on_results, kept)
    return kept.run(_send_all(mails, route, on_results, kept)) if mails or len(kept) else {}


async def _send_all(mails: Sequence[Mail], route: Route, on_results: OnResults, kept: Kept) -> dict[Relay, str]:
    await kept.fit(route.relays, route.connections)
    return await _Round(mails, route, kept).send(on_results) if mails else {}


class _Round:
    """One group of mails on its way."""

    def __init__(self, mails: Sequence[Mail], route: Route, kept: Kept) -> None:
        # A deque is emptied: what is sent takes no room while the next group is written.
        self._waiting = mails if isinstance(mails, deque) else deque(mails)
        self._ready: deque[Mail] = deque()  # Those of them that may go.
        self._beginning = asyncio.Lock()
        # No mail waits for a connection any more.
        self._drained = asyncio.Event()
        self._route, self._kept = route, kept
        self._trust = kept.trust() if any(each.tls or each.starttls for each in route.relays) else None
        self._known: asyncio.Queue[Result | None] = asyncio.Queue(MOST_UNWRITTEN)
        self._left: list[Result] = []
        self._begin_until = asyncio.get_running_loop().time() + SECONDS_TO_BEGIN
        self._troubles: dict[Relay, str] = {}
        self._pace, self._is_ahead = kept.pace, False
        self._opened: Counter[Relay] = Counter()
        self._live: Counter[Relay] = Counter()
        self._failures: Counter[Relay] = Counter()

    async def send(self, on_results: OnResults) -> dict[Relay, str]:
        self._pace.begin()
        beside, account = (asyncio.create_task(each) for each in (self._meanwhile(), self._account(on_results)))
        lanes = asyncio.gather(*(tasks := [asyncio.create_task(lane) for lane in self._lanes()]))
        try:
            await asyncio.wait((account, lanes), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Nobody writes down any more, or we are told to stop: what is under way ends, and nothing new begins.
            if not lanes.done():
                lanes.cancel()
                # Not for `lanes`, which ends with the first of them: the others have something to account for.
                await outlast(*tasks)
            if not account.done():
                giving = asyncio.create_task(self._give_back())
                await outlast(account)
                giving.cancel()
        account.result()
        lanes.result()
        if not self._is_ahead:
            beside.cancel()
        await asyncio.wait((beside,))
        return self._troubles

    async def _meanwhile(self) -> None:
        """Do what else there is, once it is clear that relays are waited for; at once if they were before."""
        if self._route.meanwhile and await self._pace.until_slow():
            self._is_ahead = True
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

    def _lanes(self) -> list[Coroutine[Any, Any, None]]:
        """As many as may be used at all; but what is not open yet, and not needed unless relays are slow, waits."""
        mails = len(self._waiting)
        at_once = mails if self._pace.was_slow else max(len(self._kept), -(-mails // MAILS_TO_OPEN_FOR))
        return [self._lane(waits=number >= at_once) for number in range(min(self._route.connections, mails))]

    async def _lane(self, *, waits: bool) -> None:
        """Send mail after mail, on one connection at a time, until none waits or no relay can be used."""
        if waits:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), pace.SECONDS_UNTIL_SLOW)
        while self._has_work() and (line := await self._line()):
            await self._use(line)

    async def _line(self) -> Line | None:
        """A connection that is open already, or else a new one; none if no relay can be used, or it was too many."""
        while line := await self._kept.take():
            self._opened[line.relay] += 1
            if line.relay not in self._troubles:
                return line
            await line.session.part()
        while self._has_work() and (relay := self._next_relay()):
            self._opened[relay] += 1
            try:
                return Line(relay, await opened(relay, self._trust))
            except Exception as error:
                if self._live[relay]:
                    # It talks to our other connections: this one was too many.
                    return None
                self._troubles[relay] = _words(error)
        return None

    def _has_work(self) -> bool:
        in_time = asyncio.get_running_loop().time() < self._begin_until
        return bool(self._ready or self._waiting) and in_time and self._route.may_begin()

    def _next_relay(self) -> Relay | None:
        """The relay that is furthest behind its share of connections."""
        usable = [relay for relay in self._route.relays if relay not in self._troubles]
        return min(usable, key=lambda relay: (self._opened[relay] + 1) / relay.weight, default=None)

    async def _use(self, line: Line) -> None:
        relay, session = line.relay, line.session
        self._live[relay] += 1
        self._troubles.pop(relay, None)
        try:
            while line.mails < self._route.mails_per_connection:
                await self._wait(relay)
                # After the waiting: meanwhile the time to begin a mail may be over.
                if not self._has_work() or not session.is_open or relay in self._troubles:
                    break
                if mail := await self._next_mail(relay):
                    await self._pass(line, mail)
        except BaseException:
            session.close()
            raise
        finally:
            self._live[relay] -= 1
            await self._put_away(line)

    async def _put_away(self, line: Line) -> None:
        """Keep it for the next group, if it may carry more."""
        may_carry_more = line.mails < self._route.mails_per_connection and line.relay not in self._troubles
        if may_carry_more and line.session.is_open:
            self._kept.keep(line)
        else:
            await line.session.part()

    async def _pass(self, line: Line, mail: Mail) -> None:
        line.mails += 1
        try:
            result = await self._send(line, mail)
        except Gone:
            # That is nobody's fault: the mail goes first on the next connection, which has not rested.
            line.session.close()
            self._ready.appendleft(mail)
        else:
            await self._tell(replace(result, relay=str(line.relay)))

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
            mail = self._ready.popleft() if self._ready else None
            if not self._ready and not self._waiting:
                self._drained.set()
            return mail

    async def _tell(self, result: Result) -> None:
        try:
            await self._known.put(result)
        except asyncio.CancelledError:
            self._left.append(result)
            raise

    async def _send(self, line: Line, mail: Mail) -> Result:
        """Send one mail. Before its data nothing can have arrived; after that, silence means nobody knows.

        Raises Gone.
        """
        session, relay, silence = line.session, line.relay, State.DEFERRED
        try:
            await line.send_envelope(mail)
            silence, since = State.UNCERTAIN, time.monotonic()
            reply = await session.send_data(mail.content)
            self._pace.heard(time.monotonic() - since)
        except NotBegun as error:
            session.close()
            self._heard(relay, _words(error), answered=False)
            return Result(mail.delivery_id, State.QUEUED, _words(error))
        except Gone:
            raise
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
