"""Who writes, and the headers of a mail. Everything in them derives from the delivery."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from unicodedata import normalize

from digest import links as formats
from digest.compose import mime
from digest.compose.dkim import Signer
from digest.compose.mime import Headers
from digest.domain import Delivery
from digest.links import Links

# Readers are due at a few moments of a day.
KEEP_MOMENTS = 1024
# Those of readers who have several digests; 100 bytes each.
KEEP_NAMES = 4096
# With the hash, less than a label of a domain may have (63).
LONGEST_LABEL = 40
NO_LABEL = re.compile(r"[^a-z0-9]+")
_date = lru_cache(KEEP_MOMENTS)(format_datetime)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the same on every mail of a service."""

    mail_from: str
    mail_domain: str
    links: Links
    postal_address: str = ""
    name: str = "Paper Digest"
    signer: Signer | None = None


@lru_cache(KEEP_NAMES)
def list_id(name: str, domain: str) -> str:
    """Name a digest as mail programs sort by it, by the name it was begun with (RFC 2919).

    What a name loses on its way to a label of ASCII is in a hash of it, so that two names are two lists.
    """
    if not name:
        return f"<digest.{domain}>"
    plain = normalize("NFKC", name).casefold()
    label = NO_LABEL.sub("-", normalize("NFKD", plain).encode("ascii", "ignore").decode())[:LONGEST_LABEL].strip("-")
    if label.replace("-", " ") != plain:
        label = "-".join(filter(None, (label, sha256(plain.encode(errors="replace")).hexdigest()[:8])))
    return f"<{label}.digest.{domain}>"


class HeadersOf:
    """Writes the headers of one service's mails."""

    def __init__(self, letterhead: Letterhead) -> None:
        self.letterhead = letterhead
        self.sender = mime.bare(letterhead.mail_from)
        self.domain = mime.ascii_domain(letterhead.mail_domain)
        self._from = mime.named(letterhead.mail_from)

    def of_list(self, kind: str, delivery: Delivery, to: str, stamp: str, subject: str, way_out: str) -> Headers:
        """Gather the headers of a mail from the list."""
        domain = self.domain
        # The token in it says whose mail this was.
        mailbox = self.letterhead.links.unsubscribe_address(delivery.reader.key, domain)
        headers = [
            *self.of_notice(to, delivery.due_at, stamp, subject),
            ("List-Id", list_id(delivery.reader.listed_as, domain)),
            ("List-Help", f"<{self.letterhead.links.base_url}>"),
            ("List-Archive", f"<{self.letterhead.links.base_url}/archive>"),
            ("List-Post", "NO"),
            # RFC 8058: one https address, one mailto, and no fold within either.
            ("List-Unsubscribe", f"<{way_out}>, <mailto:{mailbox}?subject=unsubscribe>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            # Google's feedback loop counts complaints by each of these: kind, day, domain, sender.
            ("Feedback-ID", f"{kind}:{formats.digits(delivery.due_at)[:8]}:{domain}:paper-digest"),
        ]
        # Complaints may come here too (RFC 9477), on the word of the domain that signs.
        return [*headers, ("CFBL-Address", f"{mailbox}; report=arf")] if self.letterhead.signer else headers

    def of_notice(self, to: str, now: datetime, stamp: str, subject: str) -> Headers:
        """Gather the headers of any mail; `to` is a bare address."""
        return [
            ("Date", _date(now)),
            ("From", self._from),
            ("To", to),
            ("Subject", mime.unstructured(subject)),
            ("Message-ID", formats.message_id(stamp, self.domain)),
            ("MIME-Version", "1.0"),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        ]
