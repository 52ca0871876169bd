"""The relays: whether each takes mail, and how to mend what keeps it from that. Sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from aiosmtplib import SMTPException

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, broken, fine, mend, warning
from digest.settings import urls
from digest.settings.servers import Relay
from digest.transport import relay as relays

CERTIFICATE = "let SSL_CERT_FILE name the authority that signed its certificate, or use the name the certificate is for"
MENDS = {
    "certificate": CERTIFICATE,
    "starttls": "the relay offers no STARTTLS: use smtps:// (port 465), or fix the relay",
    "wrong version number": "the port does not start with TLS: use smtp+starttls:// or the port for smtps://",
    "record layer": "the port does not start with TLS: use smtp+starttls:// or the port for smtps://",
    "(530": "give a user and a password in DIGEST_SMTP_URL, and use TLS",
    "(534": "correct the user and the password in DIGEST_SMTP_URL: some providers want one made for programs",
    "535": "correct the user and the password in DIGEST_SMTP_URL",
    "authentication": "correct the user and the password in DIGEST_SMTP_URL, and use TLS: many relays demand it",
    "auth": "correct the user and the password in DIGEST_SMTP_URL, and use TLS: many relays demand it",
    "refused": "start the mail server, or correct the host and the port in DIGEST_SMTP_URL",
    "connect call failed": "start the mail server, or correct the host and the port in DIGEST_SMTP_URL",
    "name or service not known": "correct the host in DIGEST_SMTP_URL",
    "name resolution": "correct the host in DIGEST_SMTP_URL",
    "timed out": "let the firewall pass that port: many providers close port 25, and 465 or 587 goes",
    "timeout": "let the firewall pass that port: many providers close port 25, and 465 or 587 goes",
}


def look(service: Service) -> Iterator[Finding]:
    for relay in service.settings.relays:
        yield _one(relay)


def _one(relay: Relay) -> Finding:
    if relay.api:
        # Not above: most relays speak SMTP.
        from digest.cli.doctor import apis

        return apis.look(relay)
    what = f"relay {relay}"
    try:
        asyncio.run(_greeted(relay))
    except (SMTPException, OSError) as error:
        said = " ".join(str(error).split())
        return broken(what, said, mend(said, MENDS, "see DIGEST_SMTP_URL"))
    if relay.in_the_clear and not urls.is_near(relay.host):
        return warning(what, "takes mail without encryption", "use smtps:// or smtp+starttls://")
    return fine(what, "takes mail" if relay.in_the_clear else "takes mail, over TLS")


async def _greeted(relay: Relay) -> None:
    smtp = await relays.connect(relay, None if relay.in_the_clear else relays.trusted())
    await smtp.quit()
