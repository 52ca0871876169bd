"""What is listed on a soak's days: the real captures in their order where they are, invented papers where they are not.

Hugging Face's records are shaped like its API's, arXiv's like a feed's entries. Both list on working days alone, as
they do.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from bench import captures

INVENTED = (
    "moss", "tides", "bells", "granite", "lanterns", "orchards", "glaciers", "harbors", "violins", "thistles", "kites",
    "quarries",
)  # fmt: skip
# Words that titles of 2025 have often, and not too often: a week of two of them fits into a digest.
REAL = (
    "agents", "attention", "benchmark", "diffusion", "editing", "efficient", "multimodal", "policy", "reward",
    "scaling", "video", "world",
)  # fmt: skip
RECORDS_A_DAY, ENTRIES_A_DAY = 9, 8
SATURDAY = 5

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Day:
    """What Hugging Face lists on a day, most liked first, and what arXiv announces on it."""

    on: date
    records: Sequence[Record] = ()
    entries: Sequence[Record] = ()


@dataclass(frozen=True, slots=True)
class Days:
    """The days, and the words that readers look for in titles."""

    days: tuple[Day, ...]
    subjects: tuple[str, ...]
    are_real: bool


def of(chance: random.Random, first: date, count: int, holidays: Collection[date]) -> Days:
    """Give so many days; nothing is listed at weekends and on holidays, and the captures go on after them."""
    real = captures.has_real()
    lists = _captured() if real else _invented(chance)
    entries = _announced() if real else _invented(chance)
    found = []
    for on in (first + timedelta(days=day) for day in range(count)):
        if on in holidays or on.weekday() >= SATURDAY:
            found.append(Day(on))
        else:
            found.append(Day(on, _dated(next(lists, ()), on), tuple(islice(next(entries, ()), ENTRIES_A_DAY))))
    return Days(tuple(found), REAL if real else INVENTED, real)


def _captured() -> Iterator[Sequence[Record]]:
    for file in sorted(captures.FOLDER.glob("huggingface/api/*.json")):
        yield json.loads(file.read_bytes())


def _announced() -> Iterator[Sequence[Record]]:
    """Papers of arXiv, a day's at a time, as records like Hugging Face's."""
    with gzip.open(captures.FOLDER / "arxiv" / "papers.jsonl.gz", "rt") as lines:
        papers = map(json.loads, lines)
        while day := list(islice(papers, ENTRIES_A_DAY)):
            yield [_record(one["id"], one["title"], one["abstract"], one["authors"]) for one in day]


def _invented(chance: random.Random) -> Iterator[Sequence[Record]]:
    while True:
        yield [_a_paper(chance) for _ in range(RECORDS_A_DAY)]


def _a_paper(chance: random.Random) -> Record:
    number = chance.randrange(10**9)
    title = f"On {chance.choice(INVENTED)}, part {number}"
    return _record(f"{number // 10**5:04}.{number % 10**5:05}", title, "We look at it.", ["A. Lovelace"])


def _record(id: str, title: str, abstract: str, authors: Sequence[str]) -> Record:
    paper = {"id": id, "title": title, "summary": abstract, "authors": [{"name": name} for name in authors]}
    return {"paper": paper, "title": title}


def _dated(records: Sequence[Record], on: date) -> tuple[Record, ...]:
    """The same records, listed on that day."""
    listed = {"submittedOnDailyAt": f"{on}T01:30:00.000Z"}
    return tuple({**one, **listed, "paper": {**one["paper"], **listed}} for one in records)
