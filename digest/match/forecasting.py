"""How many papers a day a profile would bring. Counts what `select` would pick from, whatever a reader's limit."""

from __future__ import annotations

from digest.match.index import Index, union
from digest.match.rank import rankings, to_pick_from
from digest.topics import Profile

DAYS = 30  # listed ones, six weeks of Hugging Face: enough for a topic that comes up once a week


def forecast(index: Index, profile: Profile, days: int) -> float:
    """Give the papers a day for a profile, when the papers in the index were listed on so many days."""
    found = rankings(index, profile)
    fitting = union(each.matching for each in to_pick_from(index, found)) & ~union(each.hidden for each in found)
    return fitting.bit_count() / max(1, days)
