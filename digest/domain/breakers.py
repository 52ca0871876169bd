"""What is left alone for a while: a relay that fails, a domain that asks for less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Breaker:
    """A relay left alone (`relay HOST:PORT`) or a throttled domain (`domain NAME`), until when and why."""

    name: str
    failures: int
    until: datetime
    reason: str
