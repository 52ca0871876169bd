"""What is said to a relay that has been greeted, and which reply answers what. Knows no command of SMTP."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from functools import lru_cache

from aiosmtplib import SMTPReadTimeoutError, SMTPServerDisconnected

from digest.transport.senders import Reply

# RFC 5321 4.5.3.1.5 allows 512 octets; who sends more than this without an end is no mail server.
LONGEST_REPLY = 32_768
NO_CODE = -1
# Most replies are those that were given to the mail before.
KEEP = 64
# PostgreSQL takes no NUL in a text, and a terminal may obey the others.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Asked:
    """Some commands that went together, and what has been replied to them."""

    __slots__ = ("answered", "left", "replies")

    def __init__(self, commands: int, loop: asyncio.AbstractEventLoop) -> None:
        self.left, self.replies = commands, list[Reply]()
        self.answered: asyncio.Future[None] = loop.create_future()

    def hear(self, reply: Reply) -> bool:
        """Take a reply; say whether it was the last one."""
        self.replies.append(reply)
        self.left -= 1
        # One for whom nobody waits any more has been cancelled, or has failed.
        if not self.left and not self.answered.done():
            self.answered.set_result(None)
        return not self.left

    def fail(self, error: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)
            # Where several groups are under way, only the first one's end is awaited.
            self.answered.exception()


class Conversation(asyncio.Protocol):
    """Replies come in the order of what was asked (RFC 2920 3.2), however they are cut into pieces."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._asked: deque[Asked] = deque()
        self._unread = b""
        self._lines: list[str] = []
        self._length = 0  # Of these.
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def ask(self, words: bytes, *commands: int) -> list[Asked]:
        """Say all of it in one go: groups of so many commands."""
        if not self.is_open:
            raise SMTPServerDisconnected("Connection lost")
        loop = asyncio.get_running_loop()
        asked = [Asked(each, loop) for each in commands]
        self._asked += asked
        self._transport.write(words)
        return asked

    async def answer(self, asked: Asked, seconds: float) -> list[Reply]:
        """Wait for all replies to a group. Raises SMTPServerDisconnected, SMTPReadTimeoutError."""
        if not asked.answered.done():
            timer = asyncio.get_running_loop().call_later(seconds, self._give_up, asked)
            try:
                await asked.answered
            finally:
                timer.cancel()
        asked.answered.result()
        return asked.replies

    def _give_up(self, asked: Asked) -> None:
        # What is asked next would get this one's reply.
        self.close()
        asked.fail(SMTPReadTimeoutError("Timed out waiting for a reply"))

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._read(line.rstrip(b"\r"))
        # A line that says nothing counts too, or a relay could send them without end.
        if len(self._unread) + self._length > LONGEST_REPLY:
            self.close()

    def _read(self, line: bytes) -> None:
        code, goes_on, text = _understood(line)
        self._lines.append(text)
        self._length += len(text) + 1
        if goes_on:
            return
        reply = Reply(code, " ".join(self._lines))
        self._lines.clear()
        self._length = 0
        if self._asked and self._asked[0].hear(reply):
            self._asked.popleft()
        if code in (NO_CODE, 421):
            # No SMTP, or a relay that is going (RFC 5321 3.8): nothing more will come of this connection.
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        while self._asked:
            words = f"Connection lost: {error}" if error else "Connection lost"
            self._asked.popleft().fail(SMTPServerDisconnected(words))


@lru_cache(KEEP)
def _understood(line: bytes) -> tuple[int, bool, str]:
    """The code of a reply's line, whether another line follows, and what it says."""
    text = CONTROLS.sub(" ", line.decode("utf-8", "replace"))
    return int(text[:3]) if text[:3].isdecimal() else NO_CODE, text[3:4] == "-", text[4:].strip()
