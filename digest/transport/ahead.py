"""Whether the next mail's envelope may go right behind the last dot (RFC 2920 3.1), by what relays made of it so far.

Servers that offer PIPELINING have long met commands there: Postfix and Exim send QUIT with the dot. What is in front of
a server may still be no match for it, and then it is the mail before that pays. So the first envelope to go ahead is a
trial, for which all other connections wait, and who fails it twice, or says nothing at all, gets no more of them for
an hour.
"""

from __future__ import annotations

import time
from collections import Counter

from aiosmtplib import SMTPResponseException

from digest.transport.relay import Relay

MOST_FAULTS = 2
# A relay may also have failed for a reason of its own: one that restarts hangs up on all.
SECONDS_WITHOUT = 3_600.0


class Ahead:
    """What relays made of envelopes that went ahead, for as long as this process lives."""

    def __init__(self) -> None:
        self._proven, self._tried = set[Relay](), set[Relay]()
        self._faults = Counter[Relay]()
        self._not_before: dict[Relay, float] = {}

    def may_go(self, relay: Relay) -> bool:
        """Say whether one may go now; tell `went`, `failed` or `forget` what became of it."""
        if relay in self._proven:
            return True
        if relay in self._tried or time.monotonic() < self._not_before.get(relay, 0.0):
            return False
        self._tried.add(relay)
        return True

    def went(self, relay: Relay) -> None:
        """The relay has answered it as it would have later."""
        self._proven.add(relay)
        self._faults[relay] = 0
        self.forget(relay)

    def failed(self, relay: Relay, error: Exception) -> None:
        """The relay has not, or has not answered the mail before it. Silence costs minutes: it has no second trial."""
        is_silent = isinstance(error, TimeoutError) and relay not in self._proven
        self._faults[relay] += MOST_FAULTS if is_silent else 1
        if self._faults[relay] >= MOST_FAULTS:
            self._faults[relay], self._not_before[relay] = 0, time.monotonic() + SECONDS_WITHOUT
        self._proven.discard(relay)
        self.forget(relay)

    def forget(self, relay: Relay) -> None:
        """Nobody will know."""
        self._tried.discard(relay)


def is_about_order(error: Exception) -> bool:
    """Whether it is the envelope's place that is refused, as far as can be told, and not the envelope itself.

    No answer, a 421, and what is about the protocol (RFC 5321 4.2.2, RFC 3463 3.6): `503 5.5.0 … Improper use of SMTP
    command pipelining`.
    """
    if not isinstance(error, SMTPResponseException) or error.code == 421:
        return True
    enhanced = error.message.split(" ", 1)[0]
    of_protocol = enhanced.startswith("5.5.") if enhanced[:2] in ("4.", "5.") else 500 <= error.code <= 504
    return bool(of_protocol)
