"""Databases to measure the site on: what was captured, filled up with older papers made of the same sentences."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, insert

from bench import captures
from digest.domain import CollectionRun, Outcome, Paper
from digest.store import papers, search
from digest.store.engine import writing
from digest.store.tables import listings as listing_rows
from digest.store.tables import papers as paper_rows

PER_DAY = 200
AT_ONCE = 1_000


def store_listed(engine: Engine) -> date:
    """Store what was captured, day by day; return the latest."""
    days = captures.listed()
    for day, found in sorted(days.items()):
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        papers.keep(engine, found, CollectionRun("huggingface", day, "api", len(found), 0.1, Outcome.OK, "", at))
    return max(days)


def store_more(engine: Engine, most: int, latest: date) -> None:
    """Fill up to so many papers, with the sentences of the captured ones shuffled."""
    known = [one.paper for found in captures.listed().values() for one in found] + captures.arxiv(20_000)
    luck = random.Random(1)
    missing = most - sum(map(len, captures.listed().values()))
    for start in range(0, missing, AT_ONCE):
        new = [_variant(luck, known, number) for number in range(start, min(start + AT_ONCE, missing))]
        day = latest - timedelta(days=60 + start // PER_DAY)
        with writing(engine) as connection:
            connection.execute(insert(paper_rows), [_row(paper) for paper in new])
            connection.execute(insert(listing_rows), [_listing(paper, day, luck.randrange(80)) for paper in new])
    search.catch_up(engine)


def _variant(luck: random.Random, known: Sequence[Paper], number: int) -> Paper:
    one, other = luck.choice(known), luck.choice(known)
    sentences = one.abstract.split(". ") + other.abstract.split(". ")
    luck.shuffle(sentences)
    return replace(one, id=f"99{number % 100:02}.{number:06}", abstract=". ".join(sentences[: len(sentences) // 2]))


def _row(paper: Paper) -> dict[str, object]:
    return {column.name: getattr(paper, column.name) for column in paper_rows.columns}


def _listing(paper: Paper, day: date, upvotes: int) -> dict[str, object]:
    seen = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    key = {"source": "huggingface", "day": day, "paper_id": paper.id}
    return key | {"rank": 1, "upvotes": upvotes, "comments": 0, "first_seen_at": seen, "archived": True}
