"""What one reader gets: the best of their topics' rankings, joined. Looks at no text: that is done once for all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from digest.match.index import Index
from digest.match.rank import Ranking


def best(wanted: Sequence[Ranking], hidden: int, limit: int) -> list[int]:
    """Give the papers with the highest scores, best first, at most `limit`, none of those hidden."""
    scores = _scores(wanted, hidden, limit)
    # A sort keeps the order of equals, and the lower number comes first.
    return sorted(sorted(scores), key=scores.__getitem__, reverse=True)[:limit]


def most_liked_first(index: Index, chosen: Sequence[int]) -> list[int]:
    """Order papers by upvotes alone; equals stay as they are."""
    return sorted(chosen, key=lambda number: -index.papers[number].upvotes)


def _scores(rankings: Sequence[Ranking], hidden: int, limit: int) -> dict[int, float]:
    """Score the papers that can be among the first `limit`.

    Rankings are read from the top, and only so far that nothing below can reach the papers found (Fagin's threshold
    algorithm): a broad topic among a thousand papers costs hardly more than a narrow one.
    """
    depth = 2 * limit
    while True:
        scores = dict.fromkeys(chain.from_iterable([each.order[:depth] for each in rankings]), 0.0)
        if hidden:
            scores = {number: 0.0 for number in scores if not hidden >> number & 1}
        for each in rankings:
            values = each.values
            for number in scores:
                if number in values:
                    scores[number] += values[number]
        below = sum([each.values[each.order[depth]] for each in rankings if depth < len(each.order)])
        if not below or (len(scores) >= limit and sorted(scores.values())[-limit] > below):
            return scores
        depth *= 4
