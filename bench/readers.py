"""Readers with different topics, and the papers of a day for them, straight into the tables."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine

from digest.domain import CollectionRun, Listing, Outcome, Status
from digest.store import papers
from digest.store.engine import writing
from digest.store.tables import readers

# What most readers follow, beside what only they do: nearly everybody gets a digest.
BROAD = ("diffusion", "language model", "reasoning", "agents", "video", "benchmark", "reinforcement learning", "vision")
AT_ONCE = 20_000


def collect(engine: Engine, found: Sequence[Listing], now: datetime) -> None:
    look = CollectionRun("huggingface", found[0].day, "api", len(found), 0.1, Outcome.OK, "", now)
    papers.keep(engine, found, look)


def vocabulary(days: Mapping[date, Sequence[Listing]]) -> list[str]:
    """What one could follow: the keywords of all papers."""
    words = {word for found in days.values() for listing in found for word in listing.paper.keywords}
    return sorted(word for word in words if word.replace(" ", "").replace("-", "").isalnum())


def subscribe(
    engine: Engine,
    count: int,
    words: Sequence[str],
    now: datetime,
    cadence: str = "daily",
    topics: Iterator[Sequence[str]] | None = None,
) -> None:
    """So many active readers, all due now, each with topics of their own; with these, if they are given."""
    chance = random.Random(7)
    with writing(engine) as connection:
        for first in range(0, count, AT_ONCE):
            rows = list(_rows(range(first, min(first + AT_ONCE, count)), words, now, cadence, chance))
            if topics:
                rows = [row | {"topics": tuple(theirs)} for row, theirs in zip(rows, topics, strict=False)]
            connection.execute(readers.insert(), rows)


def _rows(
    numbers: range, words: Sequence[str], now: datetime, cadence: str, chance: random.Random
) -> Iterator[dict[str, object]]:
    for number in numbers:
        email = f"reader{number}@example.org"
        topics = (*chance.sample(BROAD, 2), *chance.sample(words, chance.randint(1, min(6, len(words)))))
        yield {
            "email": email,
            "email_key": email,
            "status": Status.ACTIVE,
            "topics": topics,
            "cadence": cadence,
            "hour": chance.randint(0, 23),
            "timezone": chance.choice(("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")),
            "most_papers": chance.choice((5, 8, 10, 10, 15)),
            "created_at": now,
            "confirmed_at": now,
            "next_due_at": now,
        }


def now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)
