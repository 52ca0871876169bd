"""Sends finished mails through relays, on a few connections at once, and says what became of each.

It decides nothing about readers: a result carries the server's own words, and the ledger what follows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from aiosmtplib import SMTPResponseException, SMTPServerDisconnected

from digest.domain import Mail, Result, State
from digest.interrupts import outlast
from digest.transport import pace
from digest.transport.account import MOST_UNWRITTEN, Account, OnResults
from digest.transport.conversation import NO_CODE
from digest.transport.kept import Kept
from digest.transport.line import Gone, Line
from digest.transport.relay import Relay
from digest.transport.route import FAILURES_TO_REST, Route
from digest.transport.senders import NotBegun, opened
from digest.transport.usable import Usable
from digest.transport.waiting import Waiting

__all__ = ["FAILURES_TO_REST", "MOST_UNWRITTEN", "Kept", "OnResults", "Relay", "RelayAway", "Route", "send_all"]

# A mail is not begun later than this, whatever the clock says: its last reply must come within the ledger's lease.
SECONDS_TO_BEGIN = 300.0
# To open a connection takes as long as some mails: for fewer than these it is opened only once relays turn out slow.
MAILS_TO_OPEN_FOR = 10
# A mail that may go keeps its relay waiting no longer for one to go behind it: the ledger may be away for minutes.
SECONDS_TO_FOLLOW = 0.1


class RelayAway(Exception):
    """No relay can be reached, or none will talk to us: no mail's fault, and the rest should wait too."""


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
        self._waiting, self._account = Waiting(mails, route.begin, route.goes_alone), Account()
        self._route, self._kept = route, kept
        self._trust = kept.trust() if any(each.tls or each.starttls for each in route.relays) else None
        self._begin_until = asyncio.get_running_loop().time() + SECONDS_TO_BEGIN
        self._relays = Usable(route)
        self._pace, self._is_ahead, self._is_ending = kept.pace, False, False

    async def send(self, on_results: OnResults) -> dict[Relay, str]:
        self._pace.begin()
        written = self._account.write(on_results)
        beside, account = (asyncio.create_task(each) for each in (self._meanwhile(), written))
        # Done when all of them are, whatever one of them met: the others have mails under way.
        lanes = asyncio.gather(*(tasks := self._lanes()), return_exceptions=True)
        # Where we are told to stop, nobody asks.
        lanes.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        try:
            await asyncio.wait((account, lanes), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Nobody writes down any more, or we are told to stop: what is under way ends, and nothing new begins.
            if not lanes.done():
                lanes.cancel()
                await outlast(*tasks)
            self._waiting.close()
            if not account.done():
                giving = asyncio.create_task(self._account.end(self._untried()))
                await outlast(account)
                giving.cancel()
        account.result()
        for met in filter(None, lanes.result()):
            raise met
        if not self._is_ahead:
            beside.cancel()
        await asyncio.wait((beside,))
        return self._relays.troubles

    async def _meanwhile(self) -> None:
        """Do what else there is, once it is clear that relays are waited for; at once if they were before."""
        if self._route.meanwhile and await self._pace.until_slow():
            self._is_ahead = True
            await self._route.meanwhile()

    def _untried(self) -> list[Result]:
        """Account for what was not begun."""
        why = next(iter(self._relays.troubles.values()), "no time was left to begin it")
        return [Result(mail.delivery_id, State.QUEUED, why) for mail in self._waiting]

    def _lanes(self) -> list[asyncio.Task[None]]:
        """As many as may be used at all; but what is not open yet, and not needed unless relays are slow, waits."""
        mails = len(self._waiting)
        at_once = mails if self._pace.was_slow else max(len(self._kept), -(-mails // MAILS_TO_OPEN_FOR))
        lanes = (self._lane(waits=number >= at_once) for number in range(min(self._route.connections, mails)))
        return [asyncio.create_task(self._all_or_none(lane)) for lane in lanes]

    async def _all_or_none(self, lane: Coroutine[Any, Any, None]) -> None:
        """Where one of them breaks, the others end with the mail that they have in hand."""
        try:
            await lane
        except BaseException:
            self._is_ending = True
            raise

    async def _lane(self, *, waits: bool) -> None:
        """Send mail after mail, on one connection at a time, until none waits or no relay can be used."""
        if waits:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.drained.wait(), pace.SECONDS_UNTIL_SLOW)
        while self._has_work() and (line := await self._line()):
            await self._use(line)

    async def _line(self) -> Line | None:
        """A connection that is open already, or else a new one; none if no relay can be used, or it was too many."""
        while line := await self._kept.take():
            self._relays.opened(line.relay)
            if line.relay not in self._relays.troubles:
                return line
            await line.session.part()
        while self._has_work() and (relay := self._relays.next()):
            self._relays.opened(relay)
            try:
                return Line(relay, await opened(relay, self._trust), self._route.ahead)
            except Exception as error:
                if self._relays.is_used(relay):
                    # It talks to our other connections: this one was too many.
                    return None
                self._relays.troubles[relay] = _words(error)
        return None

    def _has_work(self) -> bool:
        return bool(self._waiting) and self._may_begin()

    def _may_begin(self) -> bool:
        in_time = asyncio.get_running_loop().time() < self._begin_until
        return in_time and not self._is_ending and self._route.may_begin()

    async def _use(self, line: Line) -> None:
        relay, session = line.relay, line.session
        self._relays.begin(relay)
        try:
            while line.mails < self._route.mails_per_connection:
                await self._wait(relay)
                # After the waiting: meanwhile the time to begin a mail may be over.
                if not self._may_go_on(line):
                    break
                if mail := line.following or await self._next_mail(relay):
                    await self._pass(line, mail)
        except BaseException:
            session.close()
            raise
        finally:
            self._relays.end(relay)
            self._give_back_following(line)
            await self._put_away(line)

    def _may_go_on(self, line: Line) -> bool:
        has_work = bool(line.following or self._waiting) and self._may_begin()
        return has_work and line.session.is_open and line.relay not in self._relays.troubles

    def _give_back_following(self, line: Line) -> None:
        if following := line.take_following():
            self._waiting.give_back(following)

    async def _put_away(self, line: Line) -> None:
        """Keep it for the next group, if it may carry more."""
        may_carry_more = line.mails < self._route.mails_per_connection and line.relay not in self._relays.troubles
        if may_carry_more and line.session.is_open:
            self._kept.keep(line)
        else:
            await line.session.part()

    async def _pass(self, line: Line, mail: Mail) -> None:
        line.mails += 1
        try:
            result = await self._send(line, mail)
        except Gone:
            line.session.close()
            self._give_back_following(line)
            self._waiting.give_back(mail)
        else:
            await self._account.tell(result)

    async def _wait(self, relay: Relay) -> None:
        if self._route.rate:
            await self._route.rate.wait()
        if limits := self._route.limits.get(relay):
            await limits.wait()

    async def _next_mail(self, relay: Relay) -> Mail | None:
        """Take a mail, and count it as one of the relay's day; none where that is over, or no mail is left."""
        mail, limits = await self._waiting.take(), self._route.limits.get(relay)
        if mail is None or limits is None:
            return mail
        why = "stopped"
        try:
            why = await limits.over_for_today()
        finally:
            if why:
                self._waiting.give_back(mail)
        if why:
            self._relays.troubles[relay] = why
        return None if why else mail

    async def _next_behind(self, line: Line, mail: Mail) -> Mail | None:
        """Take the mail whose envelope goes along with this one's data; none where that may not begin yet."""
        route, relay = self._route, line.relay
        # Who waits its turn for each mail cannot know now when the next one's is.
        is_bound = route.rate or relay in route.limits or self._waiting.goes_alone(mail)
        if is_bound or not line.session.sends_ahead or line.mails >= route.mails_per_connection:
            return None
        if not self._has_work() or not route.ahead.may_go(relay):
            return None
        following = None
        try:
            following = await self._waiting.take_to_follow(SECONDS_TO_FOLLOW)
        finally:
            if not following:
                route.ahead.forget(relay)
        return following

    async def _send(self, line: Line, mail: Mail) -> Result:
        """Send one mail. Before its data nothing can have arrived; after that, silence means nobody knows.

        Raises Gone.
        """
        session, relay, silence = line.session, line.relay, State.DEFERRED
        try:
            await line.send_envelope(mail)
            line.following = await self._next_behind(line, mail)
            if not session.is_open:
                raise SMTPServerDisconnected("Connection lost")
            silence, since = State.UNCERTAIN, time.monotonic()
            reply = await line.send_data(mail)
            self._pace.heard(time.monotonic() - since)
        except NotBegun as error:
            session.close()
            self._relays.heard(relay, _words(error), answered=False)
            return Result(mail.delivery_id, State.QUEUED, _words(error), line.name)
        except Gone:
            raise
        except SMTPResponseException as error:
            words = _words(error)
            answered = error.code not in (NO_CODE, 421) and not self._route.is_relays_fault(words)
            self._relays.heard(relay, words, answered=answered)
            # RFC 5321 4.2.1: 4yz may be tried again, 5yz must not.
            state = State.FAILED if error.code >= 500 else State.DEFERRED
            return Result(mail.delivery_id, state, words, line.name)
        except asyncio.CancelledError:
            session.close()
            self._account.leave(Result(mail.delivery_id, silence, "stopped while it was being sent", line.name))
            raise
        except Exception as error:
            if isinstance(error, ValueError) and silence is State.DEFERRED:
                return Result(mail.delivery_id, State.FAILED, f"the address cannot be used: {error}", line.name)
            session.close()
            self._relays.heard(relay, _words(error), answered=False)
            return Result(mail.delivery_id, silence, _words(error), line.name)
        self._relays.heard(relay, "", answered=True)
        return Result(mail.delivery_id, State.SENT, f"{reply.code} {reply.text}", line.name)


def _words(error: Exception) -> str:
    """The server's reply, or what else went wrong, in one line."""
    text = f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error)
    return " ".join(text.split()) or type(error).__name__
