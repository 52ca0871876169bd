"""The mailbox that mails come back to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, broken, fine, mend, warning
from digest.store import gauges
from digest.store.engine import StoreUnready
from digest.transport.mailbox import MailboxAway, look_in

# More than a few hundred wait only where nobody empties it.
MANY = 2_000
MENDS = {
    "certificate": "let SSL_CERT_FILE name the authority that signed its certificate",
    "tls not supported": "the server offers no STARTTLS: use imaps:// (port 993), or fix it",
    "wrong version number": "the port does not start with TLS: use imap+starttls:// or the port for imaps://",
    "record layer": "the port does not start with TLS: use imap+starttls:// or the port for imaps://",
    "refused": "correct the host and the port in DIGEST_BOUNCE_MAILBOX_URL, or start the server",
    "authenticat": "correct the user and the password in DIGEST_BOUNCE_MAILBOX_URL",
    "login": "correct the user and the password in DIGEST_BOUNCE_MAILBOX_URL",
    "password": "correct the user and the password in DIGEST_BOUNCE_MAILBOX_URL",
    "mailbox doesn't exist": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "nonexistent": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "does not exist": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "answered no": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "name or service": "correct the host in DIGEST_BOUNCE_MAILBOX_URL",
    "name resolution": "correct the host in DIGEST_BOUNCE_MAILBOX_URL",
    "timed out": "let the firewall pass that port",
}


def look(service: Service) -> Iterator[Finding]:
    if service.mailbox is None:
        yield _pipe(service)
        return
    try:
        waiting = look_in(service.mailbox)
    except MailboxAway as error:
        yield broken("mailbox", str(error), mend(str(error), MENDS, "see DIGEST_BOUNCE_MAILBOX_URL"))
        return
    if waiting > MANY:
        yield warning("mailbox", f"{waiting} waiting", "are the workers running? `digest stats` tells what came back")
    else:
        yield fine("mailbox", f"{waiting} waiting")


def _pipe(service: Service) -> Finding:
    """Without a mailbox, what comes back is piped to `digest bounce`; whether it is shows once something came."""
    try:
        last = gauges.known(service.engine).get(gauges.PIPED)
    except (SQLAlchemyError, StoreUnready):
        last = None  # The database is told of elsewhere.
    if last:
        return fine(
            "mailbox", f"none: `digest bounce` took something in at {datetime.fromtimestamp(last, UTC):%F %H:%M} UTC"
        )
    todo = (
        "set DIGEST_BOUNCE_MAILBOX_URL; or let the mail server pipe to `digest bounce`, and try `digest doctor --mail`"
    )
    return warning("mailbox", "nothing has come back yet, and no mailbox is looked in", todo)
