"""Mail after mail on one connection: the SMTP of a transaction. Connecting, TLS and login are aiosmtplib's.

aiosmtplib awaits each reply before its next command and drops whatever comes between, so it cannot pipeline. Here
the greeted connection gets a protocol of ours: where the relay offers that (RFC 2920), an envelope's commands go out
together, and they may go right behind the last dot of the mail before. So a mail takes one round trip in place of four.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

import idna
from aiosmtplib import SMTP, SMTPReadTimeoutError, SMTPResponseException, SMTPServerDisconnected

from digest.domain import Mail
from digest.transport.conversation import Asked, Conversation
from digest.transport.relay import SECONDS_FOR_A_REPLY
from digest.transport.senders import Reply

# RFC 5321 4.5.3.2.6: ten minutes for the answer after the last dot.
SECONDS_AFTER_THE_DOT = 600.0
SECONDS_TO_PART = 5.0
# So that a mail is written in one go, however far the relay is behind with reading.
SEND_BUFFER_BYTES = 131_072
# How the replies to MAIL, RCPT and DATA begin that let a mail go on.
GO_ON = (2, 2, 3)
# What cannot end the address, or the line, that it stands in (RFC 5321 4.1.2): no space or bracket outside quotes.
SAYABLE = re.compile(r"""("([^"\\\x00-\x1f\x7f]|\\[ -~])*"@)?[^\s<>"\x00-\x1f\x7f]+""")


class SmtpSession:
    """A conversation with a relay that has been greeted."""

    def __init__(self, smtp: SMTP) -> None:
        transport = smtp.transport
        if transport is None:
            raise SMTPServerDisconnected("Connection lost")
        self._smtp = smtp
        self.sends_ahead = smtp.supports_extension("pipelining")
        self._takes_utf8 = smtp.supports_extension("smtputf8")
        self._takes_8bit = smtp.supports_extension("8bitmime")
        # The envelope that went along with the data before it, until somebody asks what was replied to it.
        self._ahead: Asked | None = None
        if connected := transport.get_extra_info("socket"):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._talk = Conversation(transport)  # type: ignore[arg-type]  # aiosmtplib names the base class

    @property
    def is_open(self) -> bool:
        return self._talk.is_open

    async def send_envelope(self, mail: Mail) -> None:
        """Name sender and recipient, and ask to send the data; or hear what came of that, where it went ahead.

        Nothing can have arrived yet. Raises SMTPResponseException with a refusal, other SMTPExceptions for silence,
        ValueError for an address or data that this relay cannot be told.
        """
        ahead, self._ahead = self._ahead, None
        replies = await (self._talk.answer(ahead, SECONDS_FOR_A_REPLY) if ahead else self._begin(mail))
        # In one that ends early, the last reply is a refusal.
        pairs = zip(replies, GO_ON, strict=False)
        refusal = next((reply for reply, goes_on in pairs if reply.code // 100 != goes_on), None)
        if refusal and refusal.code // 100 not in (4, 5):
            self.close()
            raise SMTPServerDisconnected(f"no reply to a mail's envelope but {' '.join(map(str, refusal))!r}")
        if refusal and self.is_open:
            # RFC 2920 3.1: DATA went along with what was refused, and the relay waits for an end; else for a new start.
            await self._ask(b"." if replies[-1].code == 354 else b"RSET")
        if refusal:
            raise SMTPResponseException(*refusal)

    async def send_data(self, content: bytes, following: Mail | None = None) -> Reply:
        """Send the data, and wait for who takes the responsibility. After an error, nobody knows whether it arrived.

        The envelope of the mail that follows goes along. Then no other mail may go on this connection, and no command.
        """
        behind = self._said_ahead(following)
        words = b"".join((_stuffed(content), b".\r\n", behind))
        dot, *ahead = self._talk.ask(words, 1, *([len(GO_ON)] if behind else []))
        self._ahead = ahead[0] if ahead else None
        [reply] = await self._talk.answer(dot, SECONDS_AFTER_THE_DOT)
        if reply.code // 100 not in (2, 4, 5):
            self.close()
            raise SMTPServerDisconnected(f"no reply but {reply.text!r}")
        if reply.code // 100 != 2:
            raise SMTPResponseException(*reply)
        return reply

    async def part(self) -> None:
        """Say goodbye; not to a relay that waits for data, which would take it for the mail, nor would a dot do."""
        try:
            if self.is_open and not self._ahead:
                await self._ask(b"QUIT", SECONDS_TO_PART)
        except (SMTPServerDisconnected, SMTPReadTimeoutError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        self._talk.close()
        self._smtp.close()

    def _said_ahead(self, mail: Mail | None) -> bytes:
        """The commands of an envelope that can go ahead, if any: what cannot be said is refused when its turn comes."""
        try:
            return _lines(self._envelope(mail)) if mail and self.sends_ahead else b""
        except ValueError:
            return b""

    def _envelope(self, mail: Mail) -> tuple[bytes, bytes, bytes]:
        """The commands, with what this relay offered: else the domain in ASCII (RFC 6531, 3.2), or ValueError."""
        sender, recipient, more = mail.sender, mail.recipient, b""
        if not (sender + recipient).isascii():
            if self._takes_utf8:
                more = b" SMTPUTF8"
            else:
                sender, recipient = _in_ascii(sender), _in_ascii(recipient)
        if not mail.content.isascii():
            # Ours are 7-bit but for an address that is not; raw, the rest would be anybody's guess.
            if not self._takes_8bit:
                raise ValueError("the mail has 8-bit characters, and the relay does not offer 8BITMIME")
            more += b" BODY=8BITMIME"
        return b"MAIL FROM:" + said(sender) + more, b"RCPT TO:" + said(recipient), b"DATA"

    async def _begin(self, mail: Mail) -> list[Reply]:
        """Say an envelope: together where the relay offers that, else up to the first refusal."""
        commands = self._envelope(mail)
        if self.sends_ahead:
            [asked] = self._talk.ask(_lines(commands), len(commands))
            return await self._talk.answer(asked, SECONDS_FOR_A_REPLY)
        replies: list[Reply] = []
        for command in commands:
            replies.append(await self._ask(command))
            if replies[-1].code // 100 != 2:
                break
        return replies

    async def _ask(self, command: bytes, seconds: float = SECONDS_FOR_A_REPLY) -> Reply:
        [asked] = self._talk.ask(_lines([command]), 1)
        [reply] = await self._talk.answer(asked, seconds)
        return reply


def _lines(commands: Sequence[bytes]) -> bytes:
    return b"\r\n".join(commands) + b"\r\n"


def _stuffed(content: bytes) -> bytes:
    """RFC 5321 4.5.2: a line that begins with a dot gets another."""
    # Looked for from the end: that takes 6 µs for 30 kB where `replace` takes 18, and most mails have none.
    return content if content.rfind(b"\r\n.") < 0 else content.replace(b"\r\n.", b"\r\n..")


def _in_ascii(address: str) -> str:
    """An address for a relay without SMTPUTF8; ValueError for one that it cannot be told."""
    local, at, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError(f"{address!r} needs SMTPUTF8, which the relay does not offer")
    return f"{local}{at}{idna.encode(domain, uts46=True).decode()}"


def said(address: str) -> bytes:
    """An address as a relay is told it; ValueError for one that would end the line, or the field, that it stands in."""
    if not SAYABLE.fullmatch(address):
        raise ValueError(f"{address!r} cannot stand in an SMTP command")
    return f"<{address}>".encode()
