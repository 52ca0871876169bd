"""How many papers a day a profile would bring. Counts what `select` would pick from, whatever a reader's limit."""

from __future__ import annotations

from digest.match.index import Index
from digest.match.rank import ranking, trending
from digest.match.selection import unwanted
from digest.profile import Profile


def forecast(index: Index, profile: Profile) -> float:
    """Give the papers a day for a profile, on average over the listed days of the papers in the index."""
    days = {paper.listed_on for paper in index.papers}
    fitting = 0
    for each in [ranking(index, topic) for topic in profile.topics] or [trending(index)]:
        fitting |= each.matching
    return (fitting & ~unwanted(index, profile)).bit_count() / max(1, len(days))
