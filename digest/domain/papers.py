"""A paper, and what a source's list says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from digest.domain import bounds


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, keyed by its arXiv id as a string, or by a source's own prefixed key.

    `title` and `abstract` are one clean line each; the `original_…` fields keep what the source sent. What is longer
    than anybody writes, or counted below zero, is brought within `bounds`, wherever it comes from.
    The last four fields are what the paper's listings say of it, and empty on a paper fresh from a source.
    """

    id: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    organization: str = ""
    organization_handle: str = ""
    published_at: datetime | None = None
    summary: str = ""
    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    code_url: str = ""
    code_stars: int | None = None
    project_url: str = ""
    thumbnail_url: str = ""
    original_title: str = ""
    original_abstract: str = ""
    upvotes: int = 0
    comments: int = 0
    sources: tuple[str, ...] = ()
    listed_on: date | None = None

    def __post_init__(self) -> None:
        if self._fits():
            return
        for name, bound in _BOUNDS:
            object.__setattr__(self, name, bound(getattr(self, name)))

    def _fits(self) -> bool:
        """Whether nothing has to be cut: so it is for nearly all, of which there are many."""
        names = (*self.authors, *self.keywords, *self.categories, self.organization, self.organization_handle)
        return (
            len(self.title) <= bounds.LONGEST_TITLE
            and len(self.summary) <= bounds.LONGEST_SUMMARY
            and max(map(len, names)) <= bounds.LONGEST_NAME
            and max(len(self.keywords), len(self.categories)) <= bounds.MOST_LABELS
            and 0 <= self.upvotes <= bounds.MOST_COUNTED
            and 0 <= self.comments <= bounds.MOST_COUNTED
        )

    def __hash__(self) -> int:
        # Papers are looked up often and hold long texts; two of one id are seldom at hand.
        return hash(self.id)


_BOUNDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("title", partial(bounds.shortened, most=bounds.LONGEST_TITLE)),
    ("authors", bounds.labels),
    ("organization", partial(bounds.shortened, most=bounds.LONGEST_NAME)),
    ("organization_handle", partial(bounds.shortened, most=bounds.LONGEST_NAME)),
    ("summary", partial(bounds.shortened, most=bounds.LONGEST_SUMMARY)),
    ("keywords", partial(bounds.labels, most=bounds.MOST_LABELS)),
    ("categories", partial(bounds.labels, most=bounds.MOST_LABELS)),
    ("upvotes", bounds.count),
    ("comments", bounds.count),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Source S listed paper P on day D, at `rank` (from 1), with so many upvotes and comments, where it says so.

    None is not zero: the source said nothing, and what is known stays. `borrowed`: the paper is of another place, which
    knows better what it says.
    """

    source: str
    day: date
    rank: int
    paper: Paper
    upvotes: int | None = None
    comments: int | None = None
    borrowed: bool = False

    def listed(self) -> Paper:
        """The paper with what this listing says of it."""
        return replace(
            self.paper,
            upvotes=self.upvotes or 0,
            comments=self.comments or 0,
            sources=(self.source,),
            listed_on=self.day,
        )
