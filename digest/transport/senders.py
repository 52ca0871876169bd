"""What the sender of mails asks of a relay, whether it speaks SMTP or is a provider's HTTP interface.

To add one: a session of these methods, a line in `opened`, and its URL in `settings.servers`. It answers in the words
of SMTP, code first: what follows from an answer is decided by those, in one place.
"""

from __future__ import annotations

import ssl
from typing import NamedTuple, Protocol

from digest.domain import Mail
from digest.transport import relay as relays
from digest.transport.relay import Relay


class Reply(NamedTuple):
    code: int
    text: str


class NotBegun(Exception):
    """Nothing of the mail has left this machine, and nothing was said of it."""


class Unclear(Exception):
    """An answer from which nobody can know whether the mail was taken."""


class Session(Protocol):
    """A relay that is ready for mail after mail."""

    @property
    def is_open(self) -> bool: ...

    @property
    def sends_ahead(self) -> bool:
        """Whether a mail's envelope can go along with the data of the one before it."""

    async def send_envelope(self, mail: Mail) -> None:
        """Make sure that it can go; nothing can have arrived yet. Raises ValueError where it never can."""

    async def send_data(self, content: bytes, following: Mail | None = None) -> Reply:
        """Send it. After an error that is no refusal, nobody knows whether it arrived.

        The envelope of the mail that follows goes along, where that is possible; no other mail may follow then.
        Raises SMTPResponseException with a refusal; NotBegun, Unclear.
        """

    async def part(self) -> None: ...

    def close(self) -> None: ...


async def opened(relay: Relay, trust: ssl.SSLContext | None) -> Session:
    """Begin a session. Raises what the relay's connection raises, before any mail is named."""
    if relay.api:
        # Not above: who sends by SMTP does not pay for an HTTP client.
        from digest.transport.ses import SesSession

        return SesSession(relay, trust)
    from digest.transport.session import SmtpSession

    return SmtpSession(await relays.connect(relay, trust))
