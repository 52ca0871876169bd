"""How quickly relays answer: only while they are waited for is there time for anything else. Knows no relay by name."""

from __future__ import annotations

import asyncio

# A relay that has taken all by then answers at once: whatever else there is to do would only slow the two down.
SECONDS_UNTIL_SLOW = 0.1
# Nor is one waited for whose quickest answer takes less than this, however long a group does: it is we who are slow.
SECONDS_OF_A_SLOW_ANSWER = 0.005


class Pace:
    """What the answers to the mails of a group say, and said with the group before."""

    def __init__(self) -> None:
        self.was_slow = False
        self._quickest: float | None = None

    @property
    def is_slow(self) -> bool:
        """Whether relays are waited for; so they are while none has answered."""
        return self._quickest is None or self._quickest > SECONDS_OF_A_SLOW_ANSWER

    def begin(self) -> None:
        """Turn to the next group."""
        self.was_slow = self._quickest is not None and self.is_slow
        self._quickest = None

    def heard(self, seconds: float) -> None:
        """Note how long the answer to a mail took. The quickest counts: the others may have waited for us."""
        self._quickest = seconds if self._quickest is None else min(self._quickest, seconds)

    async def until_slow(self) -> bool:
        """Say whether relays are waited for, as soon as it is clear."""
        if not self.was_slow:
            await asyncio.sleep(SECONDS_UNTIL_SLOW)
        return self.was_slow or self.is_slow
