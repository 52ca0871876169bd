"""Mail after mail on one connection: the SMTP of a transaction. Connecting, TLS and login are aiosmtplib's.

aiosmtplib awaits each reply before its next command and drops whatever comes between, so it cannot pipeline. Here
the greeted connection gets a protocol of ours: commands go out together where the relay offers that (RFC 2920), which
saves two of a mail's four round trips.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections import deque
from collections.abc import Sequence

import idna
from aiosmtplib import SMTP, SMTPReadTimeoutError, SMTPResponseException, SMTPServerDisconnected

from digest.domain import Mail
from digest.transport.relay import SECONDS_FOR_A_REPLY
from digest.transport.senders import Reply

# RFC 5321 4.5.3.2.6: ten minutes for the answer after the last dot.
SECONDS_AFTER_THE_DOT = 600.0
SECONDS_TO_PART = 5.0
# RFC 5321 4.5.3.1.5 allows 512 octets; who sends more than this without an end is no mail server.
LONGEST_REPLY = 32_768
# So that a mail is written in one go, however far the relay is behind with reading.
SEND_BUFFER_BYTES = 131_072
NO_CODE = -1
# PostgreSQL takes no NUL in a text, and a terminal may obey the others.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# What cannot end the address, or the line, that it stands in (RFC 5321 4.1.2): no space or bracket outside quotes.
SAYABLE = re.compile(r"""("([^"\\\x00-\x1f\x7f]|\\[ -~])*"@)?[^\s<>"\x00-\x1f\x7f]+""")


class SmtpSession(asyncio.Protocol):
    """A conversation with a relay that has been greeted."""

    def __init__(self, smtp: SMTP) -> None:
        transport = smtp.transport
        if transport is None:
            raise SMTPServerDisconnected("Connection lost")
        self._smtp = smtp
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # aiosmtplib names the base class
        self._pipelines = smtp.supports_extension("pipelining")
        self._takes_utf8 = smtp.supports_extension("smtputf8")
        self._takes_8bit = smtp.supports_extension("8bitmime")
        self._asked: deque[asyncio.Future[Reply]] = deque()
        self._unread = b""
        self._lines: list[str] = []
        if connected := transport.get_extra_info("socket"):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._read(line.rstrip(b"\r"))
        # A line that says nothing counts too, or a relay could send them without end.
        if len(self._unread) + len(self._lines) + sum(map(len, self._lines)) > LONGEST_REPLY:
            self.close()

    def _read(self, line: bytes) -> None:
        text = CONTROLS.sub(" ", line.decode("utf-8", "replace"))
        self._lines.append(text[4:].strip())
        if text[3:4] == "-":
            return
        reply = Reply(int(text[:3]) if text[:3].isdecimal() else NO_CODE, " ".join(self._lines))
        self._lines.clear()
        # One whose patience was over has been cancelled.
        if self._asked and not (asked := self._asked.popleft()).done():
            asked.set_result(reply)
        if reply.code in (NO_CODE, 421):
            # No SMTP, or a relay that is going (RFC 5321 3.8): nothing more will come of this connection.
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        while self._asked:
            asked = self._asked.popleft()
            if not asked.done():
                asked.set_exception(SMTPServerDisconnected(f"Connection lost: {error}" if error else "Connection lost"))
                # Of commands that went together, only the first one's reply is awaited when it fails.
                asked.exception()

    async def send_envelope(self, mail: Mail) -> None:
        """Name sender and recipient, and ask to send the data. Nothing can have arrived yet.

        Raises SMTPResponseException with a refusal, other SMTPExceptions for silence, ValueError for an address or
        data that this relay cannot be told.
        """
        commands = self._envelope(mail)
        replies = await (self._together(commands) if self._pipelines else self._one_by_one(commands))
        refusal = next((reply for reply in replies if reply.code // 100 not in (2, 3)), None)
        if refusal and self.is_open:
            # RFC 2920 3.1: DATA went along with what was refused, and the relay waits for an end; else for a new start.
            await self._ask(b"." if replies[-1].code == 354 else b"RSET")
        if refusal:
            raise SMTPResponseException(*refusal)

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

    async def send_data(self, content: bytes) -> Reply:
        """Send the data, and wait for who takes the responsibility. After an error, nobody knows whether it arrived."""
        # RFC 5321 4.5.2: a line that begins with a dot gets another.
        reply = await self._ask(content.replace(b"\r\n.", b"\r\n..") + b".", SECONDS_AFTER_THE_DOT)
        if reply.code == NO_CODE:
            raise SMTPServerDisconnected(f"no reply but {reply.text!r}")
        if reply.code // 100 != 2:
            raise SMTPResponseException(*reply)
        return reply

    async def part(self) -> None:
        try:
            if self.is_open:
                await self._ask(b"QUIT", SECONDS_TO_PART)
        except (SMTPServerDisconnected, SMTPReadTimeoutError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        self._transport.close()
        self._smtp.close()

    async def _together(self, commands: Sequence[bytes], seconds: float = SECONDS_FOR_A_REPLY) -> list[Reply]:
        asked = self._write(commands)
        try:
            async with asyncio.timeout(seconds):
                return [await each for each in asked]
        except TimeoutError:
            # What is asked next would get this one's reply.
            self.close()
            raise SMTPReadTimeoutError("Timed out waiting for a reply") from None

    async def _one_by_one(self, commands: Sequence[bytes]) -> list[Reply]:
        replies: list[Reply] = []
        for command in commands:
            replies.append(await self._ask(command))
            if replies[-1].code not in (250, 251):
                break
        return replies

    async def _ask(self, command: bytes, seconds: float = SECONDS_FOR_A_REPLY) -> Reply:
        [reply] = await self._together([command], seconds)
        return reply

    def _write(self, commands: Sequence[bytes]) -> list[asyncio.Future[Reply]]:
        if not self.is_open:
            raise SMTPServerDisconnected("Connection lost")
        loop = asyncio.get_running_loop()
        asked = [loop.create_future() for _ in commands]
        self._asked += asked
        self._transport.write(b"\r\n".join(commands) + b"\r\n")
        return asked


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
