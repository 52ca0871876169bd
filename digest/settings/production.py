"""What must not be as it is where mails go to strangers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email.utils import parseaddr
from math import log2
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.settings import urls

if TYPE_CHECKING:
    from digest.settings.fields import Settings

DEVELOPMENT_KEY = "development-only-key"
# Too many to try, even for somebody who has mails of ours to try them on.
SHORTEST_KEY = 16
# Sixteen hexadecimal digits drawn by chance have 45 or more by this count; a word written twice has half of that.
LEAST_BITS = 40.0


def unfit(settings: Settings) -> Iterator[str]:
    """Say of each setting what makes it unfit, and what to give."""
    yield from _keys(settings)
    yield from _addresses(settings)
    yield from _passwords(settings)


def _keys(settings: Settings) -> Iterator[str]:
    keys = settings.secret_key
    if DEVELOPMENT_KEY in keys or min(map(len, keys)) < SHORTEST_KEY or min(map(bits, keys)) < LEAST_BITS:
        yield (
            f"DIGEST_SECRET_KEY: production needs keys of your own, each of {SHORTEST_KEY} characters or more that "
            "nobody can guess, e.g. from `openssl rand -hex 32`"
        )


def _addresses(settings: Settings) -> Iterator[str]:
    site = urlsplit(settings.base_url)
    if site.scheme != "https" or site.username is not None or urls.is_local(site.hostname or ""):
        yield (
            "DIGEST_BASE_URL: production needs an https:// address that every reader can reach, without user or "
            "password, because one-click unsubscribe does"
        )
    if urls.is_local(parseaddr(settings.mail_from)[1].rpartition("@")[2]):
        yield "DIGEST_MAIL_FROM: production needs an address that can be answered, at a domain of yours"
    if not settings.postal_address.strip():
        yield "DIGEST_POSTAL_ADDRESS: production needs the sender's postal address, the law in many places"


def _passwords(settings: Settings) -> Iterator[str]:
    """Refuse to send a password in the clear to where somebody may listen."""
    relays = [relay for relay in settings.relays if relay.in_the_clear and relay.password]
    if any(not urls.is_near(relay.reached_at) for relay in relays):
        yield "DIGEST_SMTP_URL: the password would go in the clear: use smtps:// or smtp+starttls://"
    mailbox = settings.mailbox
    if mailbox and mailbox.in_the_clear and not urls.is_near(mailbox.host):
        yield "DIGEST_BOUNCE_MAILBOX_URL: the password would go in the clear: use imaps:// or imap+starttls://"


def bits(key: str) -> float:
    """How many bits a key may have, by its characters alone: what repeats counts once."""
    period = (f"{key}{key}").find(key, 1) if key else 0
    counts = Counter(key[:period])
    return -sum(count * log2(count / period) for count in counts.values()) if period else 0.0
