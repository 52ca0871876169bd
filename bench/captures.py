"""The papers measured on: the real captures beside the project, or the sample edition where they are missing."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from digest import sample
from digest.domain import Listing, Paper
from digest.sources.huggingface.records import listings

FOLDER = Path(os.environ.get("PAPER_DIGEST_REALDATA") or Path(__file__).parents[2] / "shared" / "data")
SAMPLE_DAY = date(2025, 12, 24)


def has_real() -> bool:
    return any(FOLDER.glob("huggingface/api/*.json"))


def listed() -> dict[date, Sequence[Listing]]:
    """Give what Hugging Face listed, by day, as the service reads it; the sample where there are no captures."""
    files = sorted(FOLDER.glob("huggingface/api/*.json"))
    answers = {date.fromisoformat(file.stem): json.loads(file.read_bytes()) for file in files}
    return {day: listings(day, records)[0] for day, records in answers.items()} or {SAMPLE_DAY: sample_day()}


def sample_day() -> Sequence[Listing]:
    """Give the invented papers of the bundled sample."""
    return listings(SAMPLE_DAY, sample.records(SAMPLE_DAY))[0]


def days() -> dict[date, list[Paper]]:
    """Give the papers listed, by day."""
    return {day: [one.listed() for one in found] for day, found in listed().items()}


def arxiv(most: int) -> list[Paper]:
    """Give the first papers of the arXiv capture; none where it is missing."""
    file = FOLDER / "arxiv" / "papers.jsonl.gz"
    if not file.exists():
        return []
    with gzip.open(file, "rt") as lines:
        records = [json.loads(line) for line, _ in zip(lines, range(most), strict=False)]
    return [Paper(one["id"], one["title"], one["abstract"], tuple(one["authors"])) for one in records]
