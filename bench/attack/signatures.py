"""Additions to a signed mail: no second header that a program shows or acts on verifies."""

from __future__ import annotations

from collections.abc import Iterator

import dkim

from bench.attack.keys import BASE, KEY, NOW
from bench.attack.tries import Try
from digest.compose import Composer, Letterhead
from digest.compose.dkim import Signer, new_key, record
from digest.links import Links
from digest.sample import mails

DOMAIN = "papers.example.org"
SHOWN = "From", "To", "Cc", "Subject", "Date", "Reply-To", "Content-Type", "Content-Transfer-Encoding", "Message-ID"
ACTED_ON = "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Sender"


def attack(small: bool) -> Iterator[Try]:
    """Add a header above and below the others, change the body, and ask dkimpy."""
    key = new_key()
    links, signer = Links(BASE, [KEY]), Signer(DOMAIN, "s", key)
    letterhead = Letterhead(f"digest@{DOMAIN}", DOMAIN, links, "1 Example Street", signer=signer)
    content = mails.compose(Composer(letterhead), NOW)["digest-one"].content
    published = "".join(record(key)).encode()

    def verifies(changed: bytes) -> bool:
        return bool(dkim.verify(changed, dnsfunc=lambda *_args, **_more: published))

    yield Try("the mail itself verifies", "" if verifies(content) else "it does not")
    head, _, body = content.partition(b"\r\n\r\n")
    for name in (*SHOWN, *ACTED_ON):
        added = f"{name}: evil@example.net".encode()
        for changed in (added + b"\r\n" + content, head + b"\r\n" + added + b"\r\n\r\n" + body):
            yield Try("a second header", f"{name} verifies" if verifies(changed) else "")
    yield Try("more body", "it verifies" if verifies(content + b"more\r\n") else "")
