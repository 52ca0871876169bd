"""What has been worked out once and may be asked for again, within bounds. Knows neither papers nor topics."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

# Of so many keys for each value that may be kept, it is known that they were asked for: a byte each.
KNOWN_FOR_EACH_KEPT = 64


class Memory(dict[K, V]):
    """A dict that holds so much at most, and then begins anew. For one thread at a time."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._held = 0

    def keep(self, key: K, value: V, size: int = 1) -> V:
        """Remember a value of some size, and return it."""
        if self._held + size > self._most:
            self.forget()
        self._held += size
        self[key] = value
        return value

    def forget(self) -> None:
        """Begin anew."""
        self.clear()
        self._held = 0


class MemoryOfRepeats(Memory[K, V]):
    """Keeps what is asked for a second time; of the first time only that it was, in a byte, however many there are.

    Where two keys meet in that byte, the later one is known: the earlier is asked for once more until it is kept.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._asked = bytearray(KNOWN_FOR_EACH_KEPT * most)

    def keep(self, key: K, value: V, size: int = 1) -> V:
        """Remember a value if its key was here before, and return it."""
        place, mark = hash(key) % len(self._asked), hash(key) >> 40 & 0xFF or 1
        if self._asked[place] == mark:
            return super().keep(key, value, size)
        self._asked[place] = mark
        return value
