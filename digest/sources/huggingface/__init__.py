"""Hugging Face Daily Papers: the JSON API, then the JSON inside the page, and last the page's cards.

Each step gives records shaped like the API's; a doubtful answer is left for the next step, and never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from datetime import date
from email.utils import parsedate_to_datetime

from digest.sources.documents import json_of
from digest.sources.exchange import Answer, Exchange, FetchResult, Request, Source, Unbelievable, WrongDay
from digest.sources.huggingface.page import cards, embedded, html_of
from digest.sources.huggingface.records import listings, mapping, shown
from digest.text import plain

LONGEST_PAGE = 100  # 101 is an error
# Pages of these lengths may have more behind them; 50 is what a server that does not know `limit` sends.
FULL_PAGES = (50, LONGEST_PAGE)
MOST_PAGES = 5  # ten times the longest day
SATURDAY = 5
Steps = Mapping[str, Callable[[date, bytes], list[object]]]
# The cards tell no date: where something has spoken of another day, or of none, they may be that day's.
DATED_STEPS: Steps = {"page": embedded}
STEPS: Steps = {**DATED_STEPS, "cards": cards}


class RefusedDay(Exception):
    """The API's word that there is no such day."""


def ask(day: date) -> Exchange:
    """Ask for one day's list, step by step until one is believable."""
    empty, steps = None, STEPS
    try:
        result = yield from _from_api(day)
        if result.listings or day.weekday() >= SATURDAY:
            return result
        # No weekday is empty, holidays aside, so the page is asked too.
        empty, steps, note = result, DATED_STEPS, "api: an empty list"
    except RefusedDay as why:
        return FetchResult(step="api", problem=str(why))
    except Unbelievable as why:
        steps, note = DATED_STEPS if isinstance(why, WrongDay) else STEPS, f"api: {why}"
    page = yield Request(f"/papers/date/{day}")
    result = _from_page(day, page, steps, note)
    return replace(empty, notes=result.notes) if empty and result.problem else result


SOURCE = Source("huggingface", "https://huggingface.co", ask)


def _from_api(day: date) -> Generator[Request, Answer, FetchResult]:
    records: list[object] = []
    seen: set[str] = set()
    for page in range(MOST_PAGES):
        params = {"date": str(day), "limit": str(LONGEST_PAGE), "p": str(page)}
        batch = _answered(day, (yield Request("/api/daily_papers", params)))
        ids = {shown(mapping(mapping(record).get("paper")).get("id")) for record in batch[:LONGEST_PAGE]}
        records += batch
        # A server that ignores `p` sends the same page for ever.
        if len(batch) not in FULL_PAGES or ids <= seen:
            break
        seen |= ids
    return _result(day, "api", records)


def _from_page(day: date, page: Answer, steps: Steps, *notes: str) -> FetchResult:
    try:
        html = html_of(day, page)
        for step, read in steps.items():
            try:
                return replace(_result(day, step, read(day, html)), notes=notes)
            except WrongDay:
                raise
            except Unbelievable as why:
                notes += (f"{step}: {why}",)
    except Unbelievable as why:
        notes += (f"page: {why}",)
    return FetchResult(problem="; ".join(notes), notes=notes)


def _result(day: date, step: str, records: list[object]) -> FetchResult:
    found, dropped = listings(day, records)
    return FetchResult(found, step, dropped=dropped)


def _answered(day: date, answer: Answer) -> list[object]:
    if answer.status == 400:
        said = mapping(json_of(answer.body)).get("error")
        said = said if isinstance(said, str) else "HTTP 400"
        # Of what we send, only the day and the limit can be wrong.
        if "limit" not in said:
            raise RefusedDay(f"{day} {_why(day, answer)}; the API says: {plain(said)[:200]}")
    body = answer.whole()
    answered = json_of(body)
    if not isinstance(answered, list):
        raise Unbelievable(f"not a list of papers but {plain(body[:80].decode(errors='replace'))}")
    return answered


def _why(day: date, answer: Answer) -> str:
    """Tell by the server's own clock whether a refused day is yet to come."""
    try:
        today = parsedate_to_datetime(answer.headers.get("date", "")).date()
    except (ValueError, OverflowError):
        today = date.min
    return "is in the future" if day > today else "is refused"
