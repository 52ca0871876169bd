"""The only SMTP: sends finished mails on a few connections at once, and says what became of each.

It decides nothing about readers: a result carries the server's own words, and the ledger what follows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from digest.domain import Mail, Result, State

SECONDS_FOR_A_REPLY = 60.0
# RFC 5321 4.5.3.2.6: ten minutes for the answer after the last dot.
SECONDS_AFTER_THE_DOT = 600.0
# Relays count mails on a connection, and hang up on those that go on for ever.
MOST_MAILS_A_CONNECTION = 50


class RelayAway(Exception):
    """The relay cannot be reached, or will not talk to us: no mail's fault, and the rest should wait too."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mails go out: `smtp` in the clear, `smtps`, or `smtp+starttls`, which demands an upgrade."""

    host: str
    port: int | None = None
    username: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool = False

    @classmethod
    def at(cls, url: str) -> Relay:
        parts = urlsplit(url)
        username, password = (unquote(part) if part else None for part in (parts.username, parts.password))
        host = parts.hostname or "localhost"
        return cls(host, parts.port, username, password, parts.scheme == "smtps", parts.scheme == "smtp+starttls")

    def __str__(self) -> str:
        return f"{self.host}:{self.port or 'default port'}"


OnResults = Callable[[Sequence[Result]], None]


def send_all(mails: Sequence[Mail], relay: Relay, connections: int, on_results: OnResults) -> None:
    """Send each mail once, and hand `on_results`, in a thread of its own, whatever became known since its last call.

    Raises RelayAway, after every mail is accounted for, when some could not be tried: those are `queued` again.
    """
    if mails:
        asyncio.run(_send_all(deque(mails), relay, min(connections, len(mails)), on_results))


async def _send_all(waiting: deque[Mail], relay: Relay, connections: int, on_results: OnResults) -> None:
    known: asyncio.Queue[Result | None] = asyncio.Queue()
    account = asyncio.create_task(_account(known, on_results))
    try:
        lanes = (_lane(waiting, relay, known.put_nowait) for _ in range(connections))
        troubles = [trouble for trouble in await asyncio.gather(*lanes) if trouble]
        for mail in waiting:
            known.put_nowait(Result(mail.delivery_id, State.QUEUED, troubles[0]))
    finally:
        known.put_nowait(None)
        await account
    if waiting:
        raise RelayAway(f"cannot send through {relay}: {troubles[0]} (DIGEST_SMTP_URL)")


async def _account(known: asyncio.Queue[Result | None], on_results: OnResults) -> None:
    """Hand on, in one piece, what came in while the last piece was being written down."""
    more = True
    while more:
        piece = [await known.get()]
        while not known.empty():
            piece.append(known.get_nowait())
        more = piece[-1] is not None
        await asyncio.to_thread(on_results, [result for result in piece if result])


async def _lane(waiting: deque[Mail], relay: Relay, report: Callable[[Result], None]) -> str:
    """Send mail after mail, on one connection at a time, until none waits; return what stopped it before that."""
    while waiting:
        try:
            smtp = await _open(relay)
        except (SMTPException, OSError) as error:
            return _words(error)
        for _ in range(MOST_MAILS_A_CONNECTION):
            if not waiting or not smtp.is_connected:
                break
            report(await _send(smtp, waiting.popleft()))
        await _close(smtp)
    return ""


async def _open(relay: Relay) -> SMTP:
    smtp = SMTP(
        hostname=relay.host,
        port=relay.port,
        username=relay.username,
        password=relay.password,
        use_tls=relay.tls,
        start_tls=relay.starttls,
        timeout=SECONDS_FOR_A_REPLY,
    )
    await smtp.connect()
    return smtp


async def _close(smtp: SMTP) -> None:
    with suppress(SMTPException, OSError):
        if smtp.is_connected:
            await smtp.quit()


async def _send(smtp: SMTP, mail: Mail) -> Result:
    """Send one mail. Before its data nothing can have arrived; after that, silence means nobody knows."""
    try:
        wide = not (mail.sender + mail.recipient).isascii()
        encoding, options = ("utf-8", ["SMTPUTF8"]) if wide else ("ascii", [])
        await smtp.mail(mail.sender, options=options, encoding=encoding)
        await smtp.rcpt(mail.recipient, encoding=encoding)
    except (SMTPException, OSError) as error:
        return await _refused(smtp, mail, error, State.DEFERRED)
    try:
        reply = await smtp.data(mail.content, timeout=SECONDS_AFTER_THE_DOT)
    except (SMTPException, OSError) as error:
        return await _refused(smtp, mail, error, State.UNCERTAIN)
    return Result(mail.delivery_id, State.SENT, f"{reply.code} {reply.message}")


async def _refused(smtp: SMTP, mail: Mail, error: Exception, without_reply: State) -> Result:
    if not isinstance(error, SMTPResponseException):
        smtp.close()
        return Result(mail.delivery_id, without_reply, _words(error))
    with suppress(SMTPException, OSError):
        await smtp.rset()
    # RFC 5321 4.2.1: 4yz may be tried again, 5yz must not.
    state = State.FAILED if error.code >= 500 else State.DEFERRED
    return Result(mail.delivery_id, state, _words(error))


def _words(error: Exception) -> str:
    """The server's reply, or what else went wrong, in one line."""
    text = f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error)
    return " ".join(text.split()) or type(error).__name__
