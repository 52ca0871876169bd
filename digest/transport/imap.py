"""One IMAP session that ends: whatever the server does, it has so much time in all, and is read so far and no further.

`imaplib` waits anew for each piece, so a server that drips is never done; and it reads what a literal announces. It
also knows names and passwords in ASCII alone.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from base64 import b64encode
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
    # Servers that know no partial fetch send the whole message; none that a mail server takes is longer than this.
    skipped_bytes: int = 100_000_000


class TooLong(imaplib.IMAP4.abort):
    """A message is longer than anybody reads past."""


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
        # imaplib makes an error of its own of each that is raised in here.
        self.met_too_long = False
        super().__init__(host, port, timeout=min(patience.seconds, patience.seconds_a_reply), **more)
        self._encoding = "utf-8"

    @property
    def seconds_left(self) -> float:
        return self._until - monotonic()

    def send(self, data: Any) -> None:  # noqa: ANN401 - typeshed calls it a buffer
        # Each command has its own reply, and each reply its own measure.
        self._reply_until, self._read = monotonic() + self._patience.seconds_a_reply, 0
        self.untagged_responses.clear()
        super().send(data)

    def read(self, size: int) -> bytes:
        """Read a literal, and past what is more of it than was asked for."""
        if size > self._patience.skipped_bytes:
            self.met_too_long = True
            raise self.abort(f"it announces {size:,} bytes, which is more than was asked for")
        kept = self._exactly(min(size, self._patience.literal_bytes))
        left = size - len(kept)
        while left and (piece := self._exactly(min(left, PIECE_BYTES))):
            left -= len(piece)
            self._read -= len(piece)
        return kept

    def _exactly(self, size: int) -> bytes:
        while len(self._unread) < size and self._fill():
            pass
        return self._taken(size)

    def _get_response(self) -> Any:  # noqa: ANN401 - typeshed does not know it
        try:
            return super()._get_response()  # type: ignore[misc]
        except ValueError as error:
            # A number of thousands of digits, a word that is no text.
            raise self.abort("a reply that is none") from error

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


def folder_name(name: str) -> str:
    """Write the name of a folder as IMAP does: in modified UTF-7 (RFC 3501, 5.1.3), quoted."""
    pieces = re.split(r"([^ -~]+)", name.replace("&", "&-"))
    coded = [f"&{_base64(piece)}-" if odd % 2 else piece for odd, piece in enumerate(pieces)]
    return quoted("".join(coded))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-16-be", "replace")).decode().rstrip("=").replace("/", ",")


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
