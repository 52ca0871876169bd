"""A connection to a relay that an operator named. Refuses to talk in the clear where TLS was demanded."""

from __future__ import annotations

import asyncio
import ssl

from aiosmtplib import SMTP, SMTPHeloError

from digest.settings.servers import Relay

__all__ = ["Relay", "connect", "trusted"]

SECONDS_FOR_A_REPLY = 60.0


def trusted() -> ssl.SSLContext:
    """Believe whom this machine believes that it is the relay; `SSL_CERT_FILE` names an authority of one's own."""
    return ssl.create_default_context()


async def connect(relay: Relay, trust: ssl.SSLContext | None) -> SMTP:
    """Connect, upgrade and log in as the relay's URL says.

    Raises SMTPException or OSError, before any mail is named, when the relay is away or does not do what was demanded.
    """
    smtp = SMTP(
        hostname=relay.host,
        port=relay.port,
        username=relay.username,
        password=relay.password,
        use_tls=relay.tls,
        start_tls=relay.starttls,
        tls_context=trust,
        timeout=SECONDS_FOR_A_REPLY,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await _greet(smtp)
    except asyncio.CancelledError:
        # aiosmtplib closes what failed, and forgets what was given up.
        smtp.close()
        raise
    return smtp


async def _greet(smtp: SMTP) -> None:
    try:
        await smtp.ehlo()
    except SMTPHeloError:
        await smtp.helo()
