"""How good an order is, and how sure a difference between two orders is. Knows lists of ids, no search."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from math import log2, sqrt

FIRST = 10  # papers of a digest
RESAMPLES = 2_000
SEED = 7
SURE = 1.96  # standard deviations: 95 % of a normal distribution


def gain(upvotes: int) -> float:
    """Say what a wanted paper is worth to a reader: more when many liked it, on a log scale."""
    return log2(2 + upvotes)


def ndcg(found: Sequence[str], gains: Mapping[str, float]) -> float:
    """Normalised discounted cumulative gain of the first ten."""
    got = sum(gains.get(id, 0.0) / log2(2 + place) for place, id in enumerate(found[:FIRST]))
    best = sorted(gains.values(), reverse=True)[:FIRST]
    return got / sum(worth / log2(2 + place) for place, worth in enumerate(best))


def average_precision(found: Sequence[str], wanted: Collection[str]) -> float:
    """The mean, over the papers wanted, of the share of wanted ones among all down to each."""
    hits = 0
    precision = 0.0
    for place, id in enumerate(found, 1):
        if id in wanted:
            hits += 1
            precision += hits / place
    return precision / len(wanted)


def recall(found: Sequence[str], wanted: Collection[str]) -> float:
    return len(set(wanted).intersection(found)) / len(wanted)


def mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def interval(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """Give the 95 % interval of the mean difference, by a paired bootstrap over the topics."""
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    draw = random.Random(SEED)
    means = sorted(mean(draw.choices(differences, k=len(differences))) for _ in range(RESAMPLES))
    return means[RESAMPLES // 40], means[-1 - RESAMPLES // 40]


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """Give the 95 % interval of a share of independent cases (Wilson's score interval, which stays within 0 and 1)."""
    if not whole:
        return 0.0, 1.0
    share, spread = part / whole, SURE**2 / whole
    half = SURE * sqrt(share * (1 - share) / whole + spread / whole / 4)
    middle = share + spread / 2
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)
