"""What one reader gets: the best of their topics' rankings, joined. Looks at no text: that is done once for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain

from digest.domain import Pick, Selection
from digest.match.explain import joint_pick, pick
from digest.match.index import Index, bits
from digest.match.rank import Ranking, ranking, trending
from digest.profile import Profile

KEEP_SELECTIONS = 20_000  # some kilobytes each


def select(index: Index, profile: Profile, *, limit: int, seen: Collection[str] = ()) -> Selection:
    """Pick the papers for a profile, best first, at most `limit`, none of those `seen` (by id)."""
    rankings = [found for topic in profile.topics if (found := ranking(index, topic)).order]
    if not profile.topics:
        rankings = [trending(index)]
    allowed = _allowed(index, profile, seen) if profile.exclusions or seen else index.all
    # On one day most topics find nothing, and readers whose other topics are the same get the same.
    key = (limit, allowed, *rankings)
    known = index.selections.get(key)
    if known is None:
        if len(index.selections) >= KEEP_SELECTIONS:
            index.selections.clear()
        known = index.selections[key] = _select(index, rankings, allowed, limit)
    return known


def _select(index: Index, rankings: Sequence[Ranking], allowed: int, limit: int) -> Selection:
    scores = _scores(rankings, allowed, limit)
    # A sort keeps the order of equals, and the lower number comes first.
    best = sorted(sorted(scores), key=scores.__getitem__, reverse=True)[:limit]
    fitting = 0
    for each in rankings:
        fitting |= each.matching
    picks = tuple([_pick(index, rankings, number) for number in best])
    return Selection(picks, (fitting & allowed).bit_count() - len(picks))


def _allowed(index: Index, profile: Profile, seen: Collection[str]) -> int:
    """Find the papers this reader may get; one they saw a near-duplicate of is not among them."""
    hidden = bits(index.representative[number] for number, paper in enumerate(index.papers) if paper.id in seen)
    for exclusion in profile.exclusions:
        hidden |= index.matching(exclusion.query)
    return index.all & ~hidden


def _scores(rankings: Sequence[Ranking], allowed: int, limit: int) -> dict[int, float]:
    """Score the papers that can be among the first `limit`.

    Rankings are read from the top, and only so far that nothing below can reach the papers found (Fagin's threshold
    algorithm): a broad topic among a thousand papers costs hardly more than a narrow one.
    """
    depth = 2 * limit
    while True:
        found = chain.from_iterable([each.order[:depth] for each in rankings])
        scores = dict.fromkeys([number for number in found if allowed >> number & 1], 0.0)
        for each in rankings:
            values = each.values
            for number in scores:
                if number in values:
                    scores[number] += values[number]
        below = sum([each.values[each.order[depth]] for each in rankings if depth < len(each.order)])
        if not below or (len(scores) >= limit and sorted(scores.values())[-limit] > below):
            return scores
        depth *= 4


def _pick(index: Index, rankings: Sequence[Ranking], number: int) -> Pick:
    fitting = [each for each in rankings if number in each.values]
    if len(fitting) == 1:
        return fitting[0].picks.get(number) or pick(index, fitting[0], number)
    return joint_pick(index, fitting, number)
