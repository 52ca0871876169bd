"""Readers with different topics, and the real papers of a day for them, straight into the tables."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from digest import sample
from digest.domain import Collection, Listing, Outcome, Status
from digest.sources.huggingface.records import listings
from digest.store import papers
from digest.store.engine import writing
from digest.store.tables import readers

FOLDER = Path(os.environ.get("PAPER_DIGEST_REALDATA") or Path(__file__).parents[2] / "shared" / "data")
DAY = date(2025, 11, 19)
# What most readers follow, beside what only they do: nearly everybody gets a digest.
BROAD = ("diffusion", "language model", "reasoning", "agents", "video", "benchmark", "reinforcement learning", "vision")
AT_ONCE = 20_000


def real_days() -> dict[date, Sequence[Listing]]:
    """The captured days, read as the service reads them."""
    files = sorted((FOLDER / "huggingface" / "api").glob("*.json"))
    if not files:
        raise SystemExit(f"no captures in {FOLDER}: set PAPER_DIGEST_REALDATA")
    days = {date.fromisoformat(file.stem): json.loads(file.read_bytes()) for file in files}
    return {day: listings(day, records)[0] for day, records in days.items() if records}


def sample_day() -> Sequence[Listing]:
    """The invented papers of the bundled sample, for where there are no captures."""
    return listings(DAY, sample.records(DAY))[0]


def collect(engine: Engine, found: Sequence[Listing], now: datetime) -> None:
    look = Collection("huggingface", found[0].day, "api", len(found), 0.1, Outcome.OK, "", now)
    papers.keep(engine, found, look)


def vocabulary(days: dict[date, Sequence[Listing]]) -> list[str]:
    """What one could follow: the keywords of all captured papers."""
    words = {word for found in days.values() for listing in found for word in listing.paper.keywords}
    return sorted(word for word in words if word.replace(" ", "").replace("-", "").isalnum())


def subscribe(engine: Engine, count: int, words: Sequence[str], now: datetime, cadence: str = "daily") -> None:
    """So many active readers, all due now, each with topics of their own."""
    chance = random.Random(7)
    with writing(engine) as connection:
        for first in range(0, count, AT_ONCE):
            rows = list(_rows(range(first, min(first + AT_ONCE, count)), words, now, cadence, chance))
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
