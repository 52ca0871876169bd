"""How many papers a day a profile would bring. Counts what would be picked from, whatever a reader's limit."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from digest.match.bitsets import union
from digest.match.rank import Ranking

DAYS = 30  # listed ones, six weeks of Hugging Face: enough for a topic that comes up once a week


def forecast(wanted: Iterable[Ranking], found: Collection[Ranking], days: int) -> float:
    """Give the papers a day to pick from that nothing found hides, when all were listed on so many days."""
    fitting = union([each.matching for each in wanted]) & ~union([each.hidden for each in found])
    return fitting.bit_count() / max(1, days)
