"""What a reader voted on moves what they get a little: the order within a digest, and never which papers are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from digest.domain import DISLIKED, LIKED, Pick, Reason

# A vote is a hint about a word, not a rule: each moves a paper by a place, and all of them together by so many. Scores
# would not do: from the first paper of a topic to the second they fall by a third, further down by a tenth.
MOST_PLACES = 3
ENOUGH = 3  # votes on one word: more of them say no more
MOST_WORDS = 20  # those voted on most often: a reader's taste, not their history


def counted(votes: Mapping[str, int]) -> dict[str, int]:
    """Keep the words that say most: votes for them count positive, against them negative."""
    enough = {word: max(-ENOUGH, min(ENOUGH, count)) for word, count in votes.items() if count}
    most = sorted(enough, key=lambda word: (-abs(enough[word]), word))
    return {word: enough[word] for word in most[:MOST_WORDS]}


def nudged(picks: Sequence[Pick], votes: Mapping[str, int], about: Mapping[str, Sequence[str]]) -> tuple[Pick, ...]:
    """Order picks with a reader's votes in mind, and say so; `about` has the words voted on of each paper (id)."""
    places = {pick.paper.id: _place(place, about[pick.paper.id], votes) for place, pick in enumerate(picks)}
    ordered = sorted(picks, key=lambda pick: places[pick.paper.id])
    return tuple(_explained(pick, about[pick.paper.id], votes) for pick in ordered)


def _place(place: int, words: Sequence[str], votes: Mapping[str, int]) -> float:
    """Say where a paper wants to stand; of two that want the same place, the one that votes moved has it."""
    moved = max(-MOST_PLACES, min(MOST_PLACES, sum(votes[word] for word in words)))
    return place - moved - 0.5 * ((moved > 0) - (moved < 0))


def _explained(pick: Pick, words: Sequence[str], votes: Mapping[str, int]) -> Pick:
    said = [Reason("", LIKED if votes[word] > 0 else DISLIKED, (word,), count=abs(votes[word])) for word in words]
    return replace(pick, reasons=(*pick.reasons, *said)) if said else pick
