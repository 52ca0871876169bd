"""Real captures from `../shared/data`, which are not part of the project; tests without them are skipped."""

import gzip
import json
from datetime import date
from functools import cache
from pathlib import Path

from digest.domain import Paper

DATA = Path(__file__).parents[2] / "shared" / "data"
HUGGINGFACE = DATA / "huggingface" / "api"
ARXIV = DATA / "arxiv" / "papers.jsonl.gz"


@cache
def huggingface_days():
    """The papers of every captured day; a paper listed twice is there on its first day."""
    seen = set()
    days = {}
    for path in sorted(HUGGINGFACE.glob("*.json")):
        records = json.loads(path.read_bytes())
        papers = [_from_huggingface(record["paper"], date.fromisoformat(path.stem)) for record in records]
        days[date.fromisoformat(path.stem)] = [paper for paper in papers if paper.id not in seen]
        seen |= {paper.id for paper in papers}
    return days


def huggingface_papers():
    return [paper for papers in huggingface_days().values() for paper in papers]


@cache
def arxiv_papers():
    with gzip.open(ARXIV, "rt", encoding="utf-8") as lines:
        return [_from_arxiv(json.loads(line)) for line in lines]


def _from_huggingface(record, day):
    organization = record.get("organization") or {}
    return Paper(
        id=record["id"],
        title=" ".join(record["title"].split()),
        abstract=" ".join(record["summary"].split()),
        authors=tuple(author["name"] for author in record["authors"]),
        organization=organization.get("fullname", ""),
        organization_handle=organization.get("name", ""),
        keywords=tuple(record.get("ai_keywords") or ()),
        code_url=record.get("githubRepo", ""),
        upvotes=record["upvotes"],
        sources=("huggingface",),
        listed_on=day,
    )


def _from_arxiv(record):
    return Paper(
        id=record["id"],
        title=" ".join(record["title"].split()),
        abstract=" ".join(record["abstract"].split()),
        authors=tuple(record["authors"]),
        categories=tuple(record["categories"]),
        sources=("arxiv",),
        listed_on=date.fromisoformat(record["first_seen"]),
    )
