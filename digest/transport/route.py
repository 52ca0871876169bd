"""How mails go out: what a round of sending is told beside its mails."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from digest.domain import Mail
from digest.transport.ahead import Ahead
from digest.transport.relay import Relay

if TYPE_CHECKING:
    from digest.transport.rate import RelayLimits, SendingRate

FAILURES_TO_REST = 5


@dataclass(frozen=True, slots=True)
class Route:
    """How mails go out: through which relays, on how many connections at once, how many on each, how fast."""

    relays: tuple[Relay, ...]
    connections: int
    # Relays count mails on a connection, and hang up on those that go on for ever.
    mails_per_connection: int = 50
    rate: SendingRate | None = None
    # Of the relays that have limits of their own.
    limits: Mapping[Relay, RelayLimits] = field(default_factory=dict)
    # So many mails in a row without an answer, or with one that is about the relay or us, and it is the relay's fault.
    failures_to_rest: int = FAILURES_TO_REST
    is_relays_fault: Callable[[str], bool] = lambda words: False
    # Told of mails before they may go, a portion at a time, in a thread of its own; answers which of them still may.
    begin: Callable[[Sequence[Mail]], Collection[int]] = lambda mails: [mail.delivery_id for mail in mails]
    # Asked before each mail: whether it is still ours to send.
    may_begin: Callable[[], bool] = lambda: True
    # Whether a mail is begun by itself, and nothing is sent right behind it.
    goes_alone: Callable[[Mail], bool] = lambda mail: False
    # What relays have made of envelopes that went ahead.
    ahead: Ahead = field(default_factory=Ahead)
    # What else there is to do while slow relays are awaited: in the same loop, a little at a time. It raises nothing.
    meanwhile: Callable[[], Coroutine[Any, Any, None]] | None = None
