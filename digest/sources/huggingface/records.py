"""One record shaped like the Hugging Face API's to a listing. A wrong field is left out; without an id or a title
there is no listing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from digest.domain import Listing, Paper
from digest.sources.arxiv.entries import arxiv_id
from digest.sources.exchange import (
    MOST_COUNTED,
    Unbelievable,
    Unreadable,
    WrongDay,
    labels,
    moment,
    people,
    records_read,
)
from digest.text import plain, safe_url, storable

# The site's own ids, for papers that are not on arXiv. The digit tells them from /papers/trending.
_OWN_ID = re.compile(r"(?=.*\d)[A-Za-z0-9][\w.-]{3,39}", re.ASCII)
_NAME = "huggingface"


class ListedElsewhere(Unreadable):
    """A record that its own date puts on another day's list."""


def listings(day: date, records: Sequence[object]) -> tuple[tuple[Listing, ...], tuple[str, ...]]:
    """Read a day's records, each paper once; return the listings, and what was wrong with the records dropped.

    Raises Unbelievable when there are records and none can be read, WrongDay when they belong to another day.
    """
    found, dropped = records_read(records, partial(_listing, day))
    if dropped and not found:
        elsewhere = any(isinstance(why, ListedElsewhere) for why in dropped)
        raise (WrongDay if elsewhere else Unbelievable)(f"none of {len(records)} records can be read, {dropped[0]}")
    return tuple(found.values()), tuple(map(str, dropped))


def key(raw: object) -> str:
    """Return a paper's key: its arXiv id, or `hf:` and the site's own id; raise Unreadable."""
    if not isinstance(raw, str):
        # As a number, 2503.02130 has lost its last digit.
        raise Unreadable(f"its id is not a string but {shown(raw)}")
    if found := arxiv_id(raw):
        return found
    if _OWN_ID.fullmatch(raw):
        return f"hf:{raw}"
    raise Unreadable(f"{plain(raw)[:40]!r} is not a paper id")


def mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def shown(value: object) -> str:
    """Say what a value is: itself where that is short, else its kind, for it may be deeper than can be printed."""
    return type(value).__name__ if isinstance(value, list | dict) else plain(str(value))[:40]


def _listing(day: date, record: object, rank: int) -> Listing:
    outer = mapping(record)
    inner = mapping(outer.get("paper"))
    paper = _paper(inner, outer)
    listed = _string("submittedOnDailyAt", inner, outer)[:10]
    if listed and listed != str(day):
        raise ListedElsewhere(f"{paper.id} was listed on {plain(listed)}, not on {day}")
    return Listing(_NAME, day, rank, paper, _count("upvotes", inner, outer), _count("numComments", outer, inner))


def _paper(inner: Mapping[str, object], outer: Mapping[str, object]) -> Paper:
    id = key(inner.get("id"))
    title, abstract = _string("title", inner, outer), _string("summary", inner, outer)
    organization = mapping(inner.get("organization")) or mapping(outer.get("organization"))
    handle = plain(_string("name", organization))
    if not plain(title):
        raise Unreadable(f"{id} has no title")
    return Paper(
        id,
        plain(title),
        plain(abstract),
        # A "hidden" author hides the paper from a profile; the page counts and shows the name all the same.
        authors=people(_string("name", mapping(author)) for author in _list("authors", inner)),
        organization=plain(_string("fullname", organization)) or handle,
        organization_handle=handle,
        # The outer one is the same moment, some hours off.
        published_at=moment(_string("publishedAt", inner)),
        summary=plain(_string("ai_summary", inner)),
        keywords=labels(word for word in _list("ai_keywords", inner) if isinstance(word, str)),
        code_url=_link("githubRepo", inner),
        code_stars=_count("githubStars", inner),
        project_url=_link("projectPage", inner),
        thumbnail_url=_link("thumbnail", outer, inner),
        original_title=storable(title),
        original_abstract=storable(abstract),
    )


def _string(name: str, *places: Mapping[str, object]) -> str:
    return next((value for place in places if isinstance(value := place.get(name), str) and value.strip()), "")


def _list(name: str, place: Mapping[str, object]) -> list[object]:
    value = place.get(name)
    return value if isinstance(value, list) else []


def _count(name: str, *places: Mapping[str, object]) -> int | None:
    """Return a whole number; `True` and `False` are none, whatever Python says."""
    values = (place.get(name) for place in places)
    return next((v for v in values if isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= MOST_COUNTED), None)


def _link(name: str, *places: Mapping[str, object]) -> str:
    # Real links were wrapped like the abstracts, with a line end after the last slash that fitted.
    return safe_url(re.sub(r"\s*\n\s*", "", _string(name, *places).strip()))
