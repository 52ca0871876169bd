"""Test mails: whether each relay delivers what it takes, and whether what is sent to the bounce address comes back.

The only part of the doctor that sends, and only when asked to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aiosmtplib import SMTPException

from digest.bootstrap import Service
from digest.cli.doctor import relays
from digest.cli.doctor.findings import Finding, broken, fine, mend
from digest.domain import Mail
from digest.jobs import trial as trials
from digest.settings.servers import Mailbox, Relay
from digest.transport import mailbox as mailboxes
from digest.transport import relay as connections
from digest.transport import senders
from digest.transport.mailbox import MailboxAway

SECONDS_BETWEEN_LOOKS = 1.0
NOT_TAKEN = (SMTPException, OSError, ValueError, senders.NotBegun, senders.Unclear)


@dataclass(frozen=True, slots=True)
class Sent:
    """A test mail on its way back to us, by one relay."""

    relay: Relay
    number: int
    mark: str


def look(
    service: Service, address: str, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Finding]:
    """Send one mail to this address and one to a bounce address of ours by each relay, and wait for the returns."""
    sent: list[Sent] = []
    for relay in service.settings.relays:
        try:
            sent.append(_send(service, relay, address))
        except NOT_TAKEN as error:
            said = " ".join(str(error).split()) or type(error).__name__
            yield broken(f"test by {relay}", f"not taken: {said}", mend(said, relays.MENDS, "see the relay's log"))
    yield from _returns(service, sent, address, seconds, clock)


def _send(service: Service, relay: Relay, address: str) -> Sent:
    number = trials.number()
    mark = trials.mark(service.engine, number)
    ours = f"bounce+trial.{number}@{service.settings.domain}"
    mails = [trials.make(service.composer, to, number, mark, service.now) for to in (ours, address)]
    asyncio.run(_hand_over(relay, mails))
    return Sent(relay, number, mark)


async def _hand_over(relay: Relay, mails: list[Mail]) -> None:
    session = await senders.opened(relay, None if relay.in_the_clear else connections.trusted())
    try:
        for mail in mails:
            await session.send_envelope(mail)
            await session.send_data(mail.content)
        await session.part()
    finally:
        session.close()


def _returns(
    service: Service, sent: list[Sent], address: str, seconds: float, clock: Callable[[], float]
) -> Iterator[Finding]:
    began, waiting = clock(), list(sent)
    while waiting:
        for one in [one for one in waiting if _is_back(service, one)]:
            waiting.remove(one)
            said = f"taken, and back after {clock() - began:.0f} s; test mail {one.number} went to {address}, too"
            yield fine(f"test by {one.relay}", said)
        if clock() - began >= seconds:
            break
        time.sleep(min(SECONDS_BETWEEN_LOOKS, seconds))
    for one in waiting:
        yield _missing(service, one, address, seconds)


def _missing(service: Service, one: Sent, address: str, seconds: float) -> Finding:
    domain, mailbox = service.settings.domain, service.mailbox
    way = "DIGEST_BOUNCE_MAILBOX_URL" if mailbox else "`digest bounce` or a DIGEST_BOUNCE_MAILBOX_URL"
    return broken(
        f"test by {one.relay}",
        f"missing: taken, but nothing came back in {seconds:.0f} s",
        f"is test mail {one.number} at {address}? If not, the relay takes mails and drops them: see its log. "
        f"If so, route mail for bounce+…@{domain} to {way}",
    )


def _is_back(service: Service, one: Sent) -> bool:
    return trials.is_back(service.engine, one.number) or _is_in(service.mailbox, one.mark)


def _is_in(mailbox: Mailbox | None, mark: str) -> bool:
    try:
        return mailbox is not None and mailboxes.pick_out(mailbox, trials.HEADER, mark)
    except MailboxAway:
        return False
