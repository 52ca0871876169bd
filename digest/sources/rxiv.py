"""bioRxiv and medRxiv: the preprints posted on a day, by their API (api.biorxiv.org), page by page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial

from digest.domain import Listing, Paper
from digest.sources.documents import json_of
from digest.sources.exchange import (
    Exchange,
    FetchResult,
    Request,
    Source,
    Unbelievable,
    Unreadable,
    labels,
    people,
    records_read,
)
from digest.sources.identity import key_of
from digest.text import plain, storable

HOME = "https://api.biorxiv.org"
# A busy day has some 300 new preprints and as many revisions, 30 or 100 on a page.
MOST_PAGES = 25
NOTHING = "no posts found"


def source(server: str, categories: str = "") -> Source:
    """Make the source for `biorxiv` or `medrxiv`; `categories` such as `neuroscience+genomics`, none means all."""
    wanted = frozenset(filter(None, categories.casefold().replace("_", " ").split("+")))
    return Source(server, HOME, partial(ask, server, wanted), weekdays_only=False, zone="America/New_York")


def ask(server: str, wanted: frozenset[str], day: date) -> Exchange:
    """Ask page by page for what was posted on that day, and keep first versions."""
    records: list[object] = []
    try:
        for _ in range(MOST_PAGES):
            answer = yield Request(f"/details/{server}/{day}/{day}/{len(records)}/json")
            page, total = _page(json_of(answer.whole()))
            records += page
            if not page or len(records) >= total:
                break
    except Unbelievable as why:
        if not records:
            return FetchResult(problem=str(why))
        return _result(server, wanted, day, records, doubt=f"only the first {len(records)} records: {why}")
    return _result(server, wanted, day, records)


def _result(server: str, wanted: frozenset[str], day: date, records: list[object], doubt: str = "") -> FetchResult:
    found, dropped = records_read(records, partial(_listing, server, wanted, day))
    problem = f"none of {len(records)} records can be read, {dropped[0]}" if dropped and not found else ""
    return FetchResult(tuple(found.values()), "api", problem, doubt, dropped=tuple(map(str, dropped)))


def _page(answered: object) -> tuple[list[object], int]:
    """Return the records of a page and how many there are in all."""
    said = answered if isinstance(answered, dict) else {}
    messages, records = said.get("messages"), said.get("collection")
    message = messages[0] if isinstance(messages, list) and messages and isinstance(messages[0], dict) else {}
    status, total = str(message.get("status", "")), str(message.get("total", ""))
    if NOTHING in status.lower():
        return [], 0
    if status != "ok" or not isinstance(records, list):
        raise Unbelievable(f"no list of preprints but {plain(status)[:60]!r}")
    return records, int(total) if total.isdecimal() and len(total) < 7 else len(records)


def _listing(server: str, wanted: frozenset[str], day: date, record: object, rank: int) -> Listing | None:
    if not isinstance(record, Mapping):
        raise Unreadable("it is not a record")
    doi, title, abstract, authors, category, version, posted = (
        str(record.get(name) or "") for name in ("doi", "title", "abstract", "authors", "category", "version", "date")
    )
    if version not in ("1", "") or (wanted and category.casefold() not in wanted):
        return None
    id = key_of(doi)
    if not id or not plain(title):
        raise Unreadable(f"{plain(doi)[:40]!r} has no DOI or no title")
    if posted != str(day):
        raise Unreadable(f"{id} was posted on {plain(posted)[:10]}")
    paper = Paper(
        id,
        plain(title),
        plain(abstract),
        authors=people(map(_in_order, authors.split(";"))),
        published_at=datetime.combine(day, datetime.min.time(), UTC),
        categories=labels([category]),
        original_title=storable(title),
        original_abstract=storable(abstract),
    )
    return Listing(server, day, rank, paper)


def _in_order(name: str) -> str:
    """Write "Lovelace, A." as "A. Lovelace"."""
    family, _, given = name.partition(",")
    return f"{given.strip()} {family.strip()}".strip()
