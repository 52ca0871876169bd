"""What a look at one thing finds: how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is, and what to do about it."""

    what: str
    health: Health
    said: str
    todo: str = ""


def fine(what: str, said: str) -> Finding:
    return Finding(what, Health.FINE, said)


def warning(what: str, said: str, todo: str = "") -> Finding:
    return Finding(what, Health.WARNING, said, todo)


def broken(what: str, said: str, todo: str = "") -> Finding:
    return Finding(what, Health.BROKEN, said, todo)


def unknown(what: str, said: str, todo: str = "") -> Finding:
    return Finding(what, Health.UNKNOWN, said, todo)


def mend(words: str, mends: dict[str, str], otherwise: str) -> str:
    """What to do, by what somebody else's error says, whatever the case."""
    low = words.lower()
    return next((todo for part, todo in mends.items() if part in low), otherwise)
