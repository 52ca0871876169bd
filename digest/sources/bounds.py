"""How long an exchange with a source may take, and how much it may bring, whatever comes over the wire.

A silent server, one that drips headers or sends endless `100 Continue` never gives control back: so the socket is shut
when the time is over. What is packed is unpacked piece by piece, and no further than is wanted.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from time import monotonic

import httpx


class Excess(Exception):
    """More time or bytes than an answer may take; the text says which."""


class Deadline:
    """A moment after which nothing more is waited for."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = monotonic() + seconds

    @property
    def left(self) -> float:
        """How many seconds are left, from 0."""
        return max(0.0, self._end - monotonic())

    def check(self) -> None:
        """Raise Excess when the time is over."""
        if not self.left:
            raise Excess(f"an answer that takes longer than {self.seconds:.0f} s")


@contextmanager
def shut_at(deadline: Deadline) -> Iterator[Mapping[str, object]]:
    """Shut the connection of a request when the time is over; give the extensions the request is to be sent with."""
    sockets: list[socket.socket] = []

    def shut() -> None:
        for each in sockets[-1:]:
            with suppress(OSError):
                # Not `SSLSocket.shutdown`, which takes the reader's state from under it.
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def trace(event: str, info: Mapping[str, object]) -> None:
        stream = info.get("return_value")
        if event.endswith(("connect_tcp.complete", "start_tls.complete")) and stream is not None:
            sockets.append(stream.get_extra_info("socket"))  # type: ignore[attr-defined]
            if not deadline.left:
                shut()

    timer = Timer(deadline.left, shut)
    timer.daemon = True
    timer.start()
    try:
        yield {"trace": trace}
    finally:
        timer.cancel()


def body_of(response: httpx.Response, most: int, deadline: Deadline) -> bytes:
    """Read a body, unpacked; raise Excess for more than `most` bytes, packed or not, and for any packing but gzip."""
    body = bytearray()
    for piece in _pieces(response, most):
        body += piece
        deadline.check()
        if len(body) > most:
            raise Excess(_too_large(most))
    # A connection that was shut looks like a body that ends with it.
    deadline.check()
    return bytes(body)


def _pieces(response: httpx.Response, most: int) -> Iterator[bytes]:
    packing = response.headers.get("content-encoding", "").strip().lower()
    if response.is_stream_consumed:
        # A transport that holds the whole body in memory has unpacked it already.
        return response.iter_bytes()
    if packing in ("gzip", "x-gzip"):
        return _unpacked(response.iter_raw(), most)
    if packing not in ("", "identity"):
        raise Excess(f"an answer packed as {packing[:40]!r}, which nobody asked for")
    return response.iter_raw()


def _unpacked(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Unpack gzip; yield for each piece read, even nothing, so that the caller can look at the time."""
    gzip, ended, got, raw = zlib.decompressobj(wbits=31), True, 0, 0
    for packed in pieces:
        raw += len(packed)
        if raw > most:
            raise Excess(_too_large(most))
        while packed:
            piece = gzip.decompress(packed, most + 1 - got)
            got += len(piece)
            yield piece
            ended = gzip.eof
            # Several members may stand one after the other (RFC 1952, 2.2), and be padded.
            packed = gzip.unused_data.lstrip(b"\0") if ended else gzip.unconsumed_tail
            gzip = zlib.decompressobj(wbits=31) if ended else gzip
    if not ended:
        raise zlib.error("the packed answer is cut off")


def _too_large(most: int) -> str:
    return f"an answer larger than {most:,} bytes"
