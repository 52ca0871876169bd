"""What each topic adds to a pick: its share of the score, and the place within the topic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from digest.match.rank import Ranking
from digest.match.reasons import strongest


@dataclass(frozen=True, slots=True)
class Share:
    """What one topic adds to a pick's score, and the pick's place among all the papers that fit the topic."""

    topic: str
    score: float
    place: int
    of: int


def shares(found: Iterable[Ranking], number: int) -> list[Share]:
    """Part the score of a paper by the rankings it is in, the strongest first."""
    return [
        Share(each.topic.text if each.topic else "", each.values[number], 1 + each.order.index(number), len(each.order))
        for each in strongest([each for each in found if number in each.values], number)
    ]
