"""One IMAP session that ends: whatever the server does, it has so much time in all, and is read so far and no further.

`imaplib` waits anew for each piece, so a server that drips is never done; and it reads what a literal announces.
"""

from __future__ import annotations

import imaplib
import ssl
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from digest.settings.servers import Mailbox

# What `imaplib` itself waits for at most, in one piece.
PIECE_BYTES = 64 * 1024
# What stands around a message in the answer to one command.
REPLY_SLACK_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a session may last, how long each reply may take, and how long a line and a literal may be.

    The longest honest line lists the messages that wait: seven bytes each, for more than a million of them.
    """

    seconds: float = 240.0
    seconds_a_reply: float = 60.0
    line_bytes: int = 10_000_000
    literal_bytes: int = 1_000_000


if TYPE_CHECKING:
    _Base = imaplib.IMAP4
else:
    _Base = object


class _Bounded(_Base):
    """Reads with patience that ends. In front of IMAP4 or IMAP4_SSL: it takes the place of their reading alone."""

    def __init__(self, patience: Patience, host: str, port: int, **more: object) -> None:
        self._patience = patience
        self._until = monotonic() + patience.seconds
        self._reply_until = monotonic() + patience.seconds_a_reply
        self._unread, self._read = bytearray(), 0
        self._of: object = None
        super().__init__(host, port, timeout=min(patience.seconds, patience.seconds_a_reply), **more)

    @property
    def seconds_left(self) -> float:
        return self._until - monotonic()

    def send(self, data: Any) -> None:  # noqa: ANN401 - typeshed calls it a buffer
        # Each command has its own reply, and each reply its own measure.
        self._reply_until, self._read = monotonic() + self._patience.seconds_a_reply, 0
        self.untagged_responses.clear()
        super().send(data)

    def read(self, size: int) -> bytes:
        if size > self._patience.literal_bytes:
            raise self.abort(f"it announces {size:,} bytes, which is more than was asked for")
        while len(self._unread) < size and self._fill():
            pass
        return self._taken(size)

    def readline(self) -> bytes:
        start = 0
        while (end := self._unread.find(b"\n", start)) < 0:
            start = len(self._unread)
            if start > self._patience.line_bytes:
                raise self.abort("a line without end")
            if not self._fill():
                return self._taken(start)
        return self._taken(end + 1)

    def _taken(self, size: int) -> bytes:
        piece = bytes(self._unread[:size])
        del self._unread[:size]
        return piece

    def _fill(self) -> bool:
        """Read on, if there is time and measure left. What was said before TLS began is not said in it."""
        if self._of is not self.sock:
            self._unread, self._of = bytearray(), self.sock
        left = min(self._until, self._reply_until) - monotonic()
        if left <= 0:
            raise self.abort("it takes too long")
        self.sock.settimeout(left)
        piece = self.sock.recv(PIECE_BYTES)
        self._unread += piece
        self._read += len(piece)
        if self._read > self._patience.line_bytes + self._patience.literal_bytes + REPLY_SLACK_BYTES:
            raise self.abort("a reply without end")
        return bool(piece)


class _Plain(_Bounded, imaplib.IMAP4):
    """In the clear, at least at first."""


class _Tls(_Bounded, imaplib.IMAP4_SSL):
    """In TLS from the first byte."""


Session = _Bounded


def connect(mailbox: Mailbox, patience: Patience) -> Session:
    """Open a session up to the login. Raises imaplib's errors and OSError."""
    trusted = ssl.create_default_context()
    if mailbox.tls:
        return _Tls(patience, mailbox.host, mailbox.port, ssl_context=trusted)
    session = _Plain(patience, mailbox.host, mailbox.port)
    if mailbox.starttls:
        try:
            session.starttls(ssl_context=trusted)
        except BaseException:
            session.shutdown()
            raise
    return session
