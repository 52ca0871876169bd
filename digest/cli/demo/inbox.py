"""The demo's mailbox, read over IMAP as a mail program would."""

from __future__ import annotations

import imaplib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

ADDRESS, PASSWORD = "reader@example.org", "demo"


@dataclass(frozen=True, slots=True)
class Inbox:
    port: int

    def mails(self) -> list[EmailMessage]:
        """Every mail, oldest first."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as imap:
            imap.login(ADDRESS, PASSWORD)
            imap.select("INBOX", readonly=True)
            numbers = imap.search(None, "ALL")[1][0].split()
            answers = [imap.fetch(number.decode(), "(RFC822)")[1][0] for number in numbers]
        return [message_from_bytes(answer[1], policy=policy.default) for answer in answers if isinstance(answer, tuple)]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


def link_in(mail: EmailMessage, purpose: str) -> str:
    """The first link of a mail that leads to such a page."""
    found = re.search(rf"https?://\S+/{purpose}/\S+", text_of(mail))
    return found[0] if found else ""
