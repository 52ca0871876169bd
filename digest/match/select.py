"""What one reader gets: the best of their topics' rankings, joined. Looks at no text: that is done once for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from digest.domain import Pick, Selection
from digest.match.explain import joint_pick, pick
from digest.match.index import Index, bits
from digest.match.rank import Ranking, ranking, trending
from digest.profile import Profile


def select(index: Index, profile: Profile, *, limit: int, seen: Collection[str] = ()) -> Selection:
    """Pick the papers for a profile, best first, at most `limit`, none of those `seen` (by id)."""
    rankings = [ranking(index, topic) for topic in profile.topics] or [trending(index)]
    allowed = _allowed(index, profile, seen)
    scores = _best(rankings, allowed, limit)
    # A sort keeps the order of equals, and the lower number comes first.
    best = sorted(sorted(scores), key=scores.__getitem__, reverse=True)[:limit]
    fitting = 0
    for each in rankings:
        fitting |= each.matching
    return Selection(
        tuple([_pick(index, rankings, number) for number in best]),
        (fitting & allowed).bit_count() - len(best),
    )


def _allowed(index: Index, profile: Profile, seen: Collection[str]) -> int:
    """Find the papers this reader may get; one they saw a near-duplicate of is not among them."""
    hidden = 0
    for exclusion in profile.exclusions:
        hidden |= ranking(index, exclusion).matching
    if seen:
        hidden |= bits(index.representative[number] for number, paper in enumerate(index.papers) if paper.id in seen)
    return index.all & ~hidden


def _best(rankings: Sequence[Ranking], allowed: int, limit: int) -> dict[int, float]:
    """Score the papers that can be among the first `limit`.

    Rankings are read from the top, and only so far that nothing below can reach the papers found (Fagin's threshold
    algorithm): a broad topic among a thousand papers costs no more than a narrow one.
    """
    depth = 2 * limit
    while True:
        found = {number for each in rankings for number in each.order[:depth] if allowed >> number & 1}
        scores = {number: sum([each.values.get(number, 0.0) for each in rankings]) for number in found}
        below = sum([each.values[each.order[depth]] for each in rankings if depth < len(each.order)])
        if not below or (len(scores) >= limit and sorted(scores.values())[-limit] > below):
            return scores
        depth *= 4


def _pick(index: Index, rankings: Sequence[Ranking], number: int) -> Pick:
    fitting = [each for each in rankings if number in each.values]
    if len(fitting) == 1:
        return fitting[0].picks.get(number) or pick(index, fitting[0], number)
    return joint_pick(index, fitting, number)
