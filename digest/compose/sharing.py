"""What a reader may pass on: addresses that take their topics along, and nothing that is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from urllib.parse import quote

# An address that stays whole in every mail program; the topics that do not fit are left out.
MOST_OCTETS = 600


def with_topics(address: str, topics: Sequence[str]) -> str:
    """Fill in topics in an address of ours, as many as fit."""
    written = [quote(topic, safe="", errors="replace") for topic in topics]
    together = accumulate(len(topic) + len("%0A") for topic in written)
    fitting = [topic for topic, size in zip(written, together, strict=True) if size <= MOST_OCTETS]
    return f"{address}?topics={'%0A'.join(fitting)}" if fitting else address
