"""What one reader gets: the best of their topics' rankings, joined. Looks at no text: that is done once for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain

from digest.domain import Selection
from digest.match.explain import pick
from digest.match.index import Index, bits, union
from digest.match.rank import Ranking, rankings, to_pick_from
from digest.topics import Profile

KEEP_SELECTIONS = 250_000  # a third of a kilobyte each: the picks themselves are shared


def select(index: Index, profile: Profile, *, limit: int, seen: Collection[str] = ()) -> Selection:
    """Pick the papers for a profile, best first, at most `limit`, none of those `seen` (by id)."""
    had = _had(index, seen) if seen else 0
    # On one day most topics find nothing, and readers whose other topics are the same get the same, in any order.
    key = (limit, had, frozenset(rankings(index, profile)))
    known = index.selections.get(key)
    if known is None:
        if len(index.selections) >= KEEP_SELECTIONS:
            index.selections.clear()
        known = index.selections[key] = _select(index, key[2], had, limit)
    return known


def _select(index: Index, found: Collection[Ranking], had: int, limit: int) -> Selection:
    wanted = to_pick_from(index, found)
    hidden = union([each.hidden for each in found]) | had
    scores = _scores(wanted, hidden, limit)
    # A sort keeps the order of equals, and the lower number comes first.
    best = sorted(sorted(scores), key=scores.__getitem__, reverse=True)[:limit]
    picks = tuple([pick(index, number, [each for each in wanted if number in each.values]) for number in best])
    fitting = union([each.matching for each in wanted]) & ~hidden
    return Selection(picks, fitting.bit_count() - len(picks))


def _had(index: Index, seen: Collection[str]) -> int:
    """Find the papers a reader has had, or has had a near-duplicate of."""
    return bits(index.representative[number] for number, paper in enumerate(index.papers) if paper.id in seen)


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
