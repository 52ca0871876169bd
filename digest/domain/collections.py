"""How collecting one day of one source went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How a collection went. Only `ok` is believed; after any other, that day is collected again."""

    OK = "ok"
    SUSPICIOUS = "suspicious"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CollectionRun:
    """One attempt at one day of one source: which step answered, how many papers, how long, how it went."""

    source: str
    day: date
    step: str
    papers: int
    seconds: float
    outcome: Outcome
    note: str
    collected_at: datetime
