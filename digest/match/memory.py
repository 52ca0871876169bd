"""What has been worked out once and may be asked for again, within bounds. Knows neither papers nor topics."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


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
    """Keeps what is asked for a second time; of the first time only that it was, which takes a tenth of the room."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._once: set[int] = set()

    def keep(self, key: K, value: V, size: int = 1) -> V:
        """Remember a value if its key was here before, and return it."""
        before = len(self._once)
        self._once.add(hash(key))
        if len(self._once) == before:
            return super().keep(key, value, size)
        if before >= self._most:
            self._once.clear()
        return value
