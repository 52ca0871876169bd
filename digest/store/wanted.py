"""What is looked for among all stored papers, and what of it both databases ask alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select

from digest.store.expressions import Expression
from digest.store.tables import searched

# Beyond that, nobody counts.
MOST_COUNTED = 1_000


class Order(StrEnum):
    """Which of the matching papers come first."""

    FIT = "fit"
    NEWEST = "newest"
    UPVOTES = "upvotes"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Papers to look for: by an expression over their words, if any, listed from one day to another."""

    expression: Expression | None = None
    since: date | None = None
    until: date | None = None
    order: Order = Order.FIT
    least_upvotes: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A paper that may match: how well its words fit, more is better, and its upvotes."""

    paper_id: str
    fit: float
    upvotes: int


# Papers in their order, and how many there are to look through: at most MOST_COUNTED, which may be more.
Places = tuple[list[Place], int]

LIKED: tuple[ColumnElement[Any], ...] = (searched.c.upvotes.desc(), searched.c.number.desc())
NEWEST: tuple[ColumnElement[Any], ...] = (searched.c.listed_on.desc(), *LIKED)


def narrowed(question: Select[Any], wanted: Wanted) -> Select[Any]:
    """Ask only for papers of the days wanted, with upvotes enough."""
    if wanted.least_upvotes:
        question = question.where(searched.c.upvotes >= wanted.least_upvotes)
    if wanted.since:
        question = question.where(searched.c.listed_on >= wanted.since)
    if wanted.until:
        question = question.where(searched.c.listed_on <= wanted.until)
    return question
