"""What is left alone for a while: a relay that fails, a domain that asks for less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is left alone, until when and why: `relay HOST:PORT`, `domain NAME`, or `provider NAME`."""

    name: str
    failures: int
    until: datetime
    reason: str
