"""What a reader may pass on: addresses that take their topics along, and nothing that is theirs."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from urllib.parse import quote

# An address that stays whole in every mail program; the topics that do not fit are left out.
MOST_OCTETS = 600
# Those that many readers have; 300 bytes each.
KEEP_TOPICS = 4_096


def along(topics: tuple[str, ...]) -> str:
    """Write topics as the end of an address of ours, as many as fit."""
    written = list(map(_quoted, topics))
    together = accumulate(len(topic) + len("%0A") for topic in written)
    fitting = [topic for topic, size in zip(written, together, strict=True) if size <= MOST_OCTETS]
    return f"?topics={'%0A'.join(fitting)}" if fitting else ""


@lru_cache(KEEP_TOPICS)
def _quoted(topic: str) -> str:
    return quote(topic, safe="", errors="replace")
