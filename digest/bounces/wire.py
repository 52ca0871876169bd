"""What the judge's process and the one who asks say to each other: a length, then so many bytes."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from typing import Any

from digest.bounces.outcome import Reading
from digest.domain import Verdict, VerdictKind

LENGTH_BYTES = 4
# Twenty tokens of each kind and a hundred addresses, with room to spare.
LONGEST_ANSWER = 1_000_000

# What a process says when it has begun: from then on, whatever ends it is the message's doing.
READY = b"ready"


def send(peer: socket.socket, said: bytes) -> None:
    peer.sendall(len(said).to_bytes(LENGTH_BYTES) + said)


def receive(peer: socket.socket, most: int = LONGEST_ANSWER) -> bytes | None:
    """Read what the other says; None once it is gone. Raises TimeoutError, ConnectionError."""
    length = _exactly(peer, LENGTH_BYTES)
    if length is None or int.from_bytes(length) > most:
        return None
    return _exactly(peer, int.from_bytes(length))


def _exactly(peer: socket.socket, count: int) -> bytes | None:
    said = bytearray()
    while len(said) < count:
        more = peer.recv(count - len(said))
        if not more:
            return None
        said += more
    return bytes(said)


def to_wire(reading: Reading) -> bytes:
    return json.dumps(asdict(reading)).encode()


def from_wire(said: bytes) -> Reading:
    """Read an answer; raises ValueError, KeyError or TypeError where it is none."""
    answer: dict[str, Any] = json.loads(said)
    verdict = answer["verdict"]
    return Reading(
        Verdict(VerdictKind(verdict["kind"]), tuple(verdict["recipients"]), verdict["reason"], verdict["status"]),
        tuple(answer["bounce_tokens"]),
        tuple(answer["leave_tokens"]),
        tuple(answer["delivery_ids"]),
    )
