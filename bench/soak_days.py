"""The papers of a soak's days: the real captures in their order where they are, invented ones where they are not."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bench import captures
from digest.domain import Paper

INVENTED = (
    "moss", "tides", "bells", "granite", "lanterns", "orchards", "glaciers", "harbors", "violins", "thistles", "kites",
    "quarries",
)  # fmt: skip
# Words that titles of 2025 have often, and not too often: a week of two of them fits into a digest.
REAL = (
    "agents", "attention", "benchmark", "diffusion", "editing", "efficient", "multimodal", "policy", "reward",
    "scaling", "video", "world",
)  # fmt: skip
A_DAY_OF_PAPERS = 9


@dataclass(frozen=True, slots=True)
class Days:
    """What is listed on each day, and the words that readers look for in titles."""

    papers: tuple[Sequence[Paper], ...]
    subjects: tuple[str, ...]
    are_real: bool


def of(chance: random.Random, start: date, days: int, empty: Collection[int]) -> Days:
    """Give so many days; nothing is listed on the empty ones, and the captures go on after them."""
    captured = iter(captures.days().values()) if captures.has_real() else None
    found: list[Sequence[Paper]] = []
    for day in range(days):
        if day in empty:
            found.append(())
        elif captured is None:
            found.append(_invented(chance, start + timedelta(days=day), day))
        else:
            found.append(next(captured, ()))
    return Days(tuple(found), REAL if captured else INVENTED, captured is not None)


def _invented(chance: random.Random, on: date, day: int) -> list[Paper]:
    return [
        Paper(
            f"{on:%y%m}.{day:02}{number:03}",
            f"On {chance.choice(INVENTED)}, part {day}.{number}",
            "We look at it.",
            ("A. Lovelace",),
        )
        for number in range(A_DAY_OF_PAPERS)
    ]
