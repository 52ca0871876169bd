"""How much work a topic may cost, in words and names looked at: the same on every machine, unlike seconds."""

from __future__ import annotations

from math import inf


class TooMuchWorkError(Exception):
    """A topic would cost more than one reader may have done for them."""


class Meter:
    """Counts what a topic costs."""

    __slots__ = ("most", "spent")

    def __init__(self, most: float = inf) -> None:
        self.most = most
        self.spent = 0

    def spend(self, units: int) -> None:
        """Count some work. What is remembered counts too, so that a topic costs the same whoever asked before.

        Raises TooMuchWorkError when it is more than is allowed.
        """
        self.spent += units
        if self.spent > self.most:
            raise TooMuchWorkError
