"""Where mails go out: the relays an operator named, and a connection to one of them. Refuses to talk in the clear."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import SMTP, SMTPHeloError

SECONDS_FOR_A_REPLY = 60.0


@dataclass(frozen=True, slots=True)
class Relay:
    """One relay: `smtp` in the clear, `smtps`, or `smtp+starttls`, which demands an upgrade.

    Of several, each gets its `weight`'s share of the connections.
    """

    host: str
    port: int | None = None
    username: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool = False
    weight: int = 1

    @classmethod
    def at(cls, url: str) -> Relay:
        parts = urlsplit(url)
        username, password = (unquote(part) if part else None for part in (parts.username, parts.password))
        host, weight = parts.hostname or "localhost", int(parse_qs(parts.query).get("weight", ["1"])[0])
        tls, starttls = parts.scheme == "smtps", parts.scheme == "smtp+starttls"
        return cls(host, parts.port, username, password, tls, starttls, weight)

    def __str__(self) -> str:
        return f"{self.host}:{self.port or 'default port'}"


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
    await smtp.connect()
    if smtp.is_ehlo_or_helo_needed:
        await _greet(smtp)
    return smtp


async def _greet(smtp: SMTP) -> None:
    try:
        await smtp.ehlo()
    except SMTPHeloError:
        await smtp.helo()
