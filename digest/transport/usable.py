"""Which relays may be used for a group of mails, and how they fare: connections, failures in a row, what is wrong."""

from __future__ import annotations

from collections import Counter

from digest.transport.relay import Relay
from digest.transport.route import Route


class Usable:
    """The relays of a route, for one group."""

    def __init__(self, route: Route) -> None:
        self._relays, self._failures_to_rest = route.relays, route.failures_to_rest
        # Why a relay is not used any more.
        self.troubles: dict[Relay, str] = {}
        self._opened, self._live, self._failures = Counter[Relay](), Counter[Relay](), Counter[Relay]()

    def next(self) -> Relay | None:
        """The relay that is furthest behind its share of connections."""
        usable = [relay for relay in self._relays if relay not in self.troubles]
        return min(usable, key=lambda relay: (self._opened[relay] + 1) / relay.weight, default=None)

    def opened(self, relay: Relay) -> None:
        self._opened[relay] += 1

    def is_used(self, relay: Relay) -> bool:
        return self._live[relay] > 0

    def begin(self, relay: Relay) -> None:
        """A connection to it is in use."""
        self._live[relay] += 1
        self.troubles.pop(relay, None)

    def end(self, relay: Relay) -> None:
        self._live[relay] -= 1

    def heard(self, relay: Relay, words: str, *, answered: bool) -> None:
        """Note whether it answered a mail; after so many in a row to which it did not, it is in trouble."""
        self._failures[relay] = 0 if answered else self._failures[relay] + 1
        if self._failures[relay] >= self._failures_to_rest:
            self.troubles[relay] = words
