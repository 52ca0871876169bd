"""How much depends on each weight: `python -m bench.weights`, with each three tenths less and more.

By the keywords of the days for choosing, and by a second judge, the categories of arXiv papers. A weight that can
move so far and change nothing could as well be another; where the two judges pull apart, it stays between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from bench import captures, report, searches
from bench.categories import Categories
from bench.measures import average_precision, interval, mean, ndcg
from bench.quality import JUDGING, Days, by_day, by_week, found, together
from digest.match import liking, scoring
from digest.match.postings import TITLE

FACTORS = (0.7, 1.3)


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight by its name in the code, and by its key where several have one name."""

    words: str
    module: ModuleType
    name: str
    key: int | None = None

    @property
    def value(self) -> float:
        held = getattr(self.module, self.name)
        return float(held if self.key is None else held[self.key])

    @contextmanager
    def times(self, factor: float) -> Iterator[None]:
        """Let the weight be another for a while."""
        held: Any = getattr(self.module, self.name)
        changed = held * factor if self.key is None else {**held, self.key: held[self.key] * factor}
        setattr(self.module, self.name, changed)
        try:
            yield
        finally:
            setattr(self.module, self.name, held)


WEIGHTS = (
    Weight("a word in the title", scoring, "WEIGHTS", TITLE),
    Weight("in another spelling", scoring, "SPELLED_OTHERWISE"),
    Weight("in a longer name", scoring, "LONGER_NAME"),
    Weight("abbreviated", scoring, "ABBREVIATED"),
    Weight("saturation", scoring, "SATURATION"),
    Weight("length of the text", scoring, "LENGTH_MATTERS"),
    Weight("strength of liking", liking, "STRENGTH"),
    Weight("typical papers added", liking, "PRIOR"),
)


def figures(days: Days, categories: Categories) -> Mapping[str, Sequence[float]]:
    """Measure our order, topic by topic."""
    return {
        "nDCG@10, week": [ndcg(*each) for each in found(searches.ours, by_week(days))],
        "nDCG@10, day": [ndcg(*each) for each in found(searches.ours, by_day(days))],
        "MAP": [average_precision(*each) for each in found(searches.ours, together(days))],
        "MAP, best first": [average_precision(*each) for each in found(searches.ours_best_match, together(days))],
        "arXiv, by category": list(categories.precision().values()),
    }


def rows(days: Days, categories: Categories) -> Iterator[tuple[str, ...]]:
    first = figures(days, categories)
    yield "as it is", "", *(f"{mean(values):.3f}" for values in first.values())
    for weight in WEIGHTS:
        for factor in FACTORS:
            with weight.times(factor):
                changed = figures(days, categories)
            cells = [_change(changed[name], values) for name, values in first.items()]
            yield weight.words, f"{weight.value:g} x {factor}", *cells


def _change(ours: Sequence[float], before: Sequence[float]) -> str:
    if not before:
        return ""
    low, high = interval(ours, before)
    return f"{mean(ours) - mean(before):+.3f} {low:+.3f}..{high:+.3f}"


def main() -> None:
    report.machine()
    days = {day: papers for day, papers in captures.days().items() if day < JUDGING}
    if not days:
        report.heading("No days for choosing among the captures")
        return
    categories = Categories()
    report.heading(f"Days for choosing: {min(days)} to {max(days)}; arXiv: {len(categories.precision())} topics")
    shown = list(rows(days, categories))
    report.table(("weight", "", *figures({}, categories)), shown)


if __name__ == "__main__":
    main()
