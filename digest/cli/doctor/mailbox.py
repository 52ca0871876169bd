"""The mailbox that mails come back to."""

from __future__ import annotations

from collections.abc import Iterator

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, broken, fine, mend, warning
from digest.transport.mailbox import MailboxAway, look_in

# More than a few hundred wait only where nobody empties it.
MANY = 2_000
MENDS = {
    "certificate": "let SSL_CERT_FILE name the authority that signed its certificate",
    "refused": "correct the host and the port in DIGEST_BOUNCE_MAILBOX_URL, or start the server",
    "authenticat": "correct the user and the password in DIGEST_BOUNCE_MAILBOX_URL",
    "login": "correct the user and the password in DIGEST_BOUNCE_MAILBOX_URL",
    "password": "correct the user and the password in DIGEST_BOUNCE_MAILBOX_URL",
    "mailbox doesn't exist": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "nonexistent": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "does not exist": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "answered no": "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it",
    "name or service": "correct the host in DIGEST_BOUNCE_MAILBOX_URL",
    "timed out": "let the firewall pass that port",
}


def look(service: Service) -> Iterator[Finding]:
    if service.mailbox is None:
        todo = "set DIGEST_BOUNCE_MAILBOX_URL, or let the mail server pipe to `digest bounce`"
        yield warning("mailbox", "what comes back is not looked for", todo)
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
