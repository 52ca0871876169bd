"""What a reader voted on moves what they get a little: the order within a digest, and never which papers are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from digest.domain import Pick, Reason

# A vote is a hint about a word, not a rule: all of them together change a score by less than a sixth.
MOST_NUDGE = 0.15
ENOUGH = 3  # votes on one word: more of them say no more
MOST_WORDS = 50  # those voted on most often: a reader's taste, not their history


def counted(votes: Mapping[str, int]) -> dict[str, int]:
    """Keep the words that say most: votes for them count positive, against them negative."""
    most = sorted((word for word in votes if votes[word]), key=lambda word: (-abs(votes[word]), word))
    return {word: max(-ENOUGH, min(ENOUGH, votes[word])) for word in most[:MOST_WORDS]}


def nudged(picks: Sequence[Pick], votes: Mapping[str, int], found: Mapping[str, set[str]]) -> tuple[Pick, ...]:
    """Order picks with a reader's votes in mind, and say so; `found` has the papers (ids) of each word voted on."""
    mine = {pick.paper.id: [word for word in votes if pick.paper.id in found[word]] for pick in picks}
    factors = {id: _factor(sum(votes[word] for word in words)) for id, words in mine.items()}
    ordered = sorted(picks, key=lambda pick: -pick.score * factors[pick.paper.id])
    return tuple(_explained(pick, mine[pick.paper.id], votes) for pick in ordered)


def _factor(votes: int) -> float:
    return 1 + MOST_NUDGE * max(-ENOUGH, min(ENOUGH, votes)) / ENOUGH


def _explained(pick: Pick, words: Sequence[str], votes: Mapping[str, int]) -> Pick:
    liked = tuple(word for word in words if votes[word] > 0)
    disliked = tuple(word for word in words if votes[word] < 0)
    reasons = [Reason("", field, said) for field, said in (("liked", liked), ("disliked", disliked)) if said]
    return replace(pick, reasons=(*pick.reasons, *reasons)) if reasons else pick
