"""What the sources listed, open to everybody: a calendar, and the papers of a day, a week or a month."""

from __future__ import annotations

import re
from calendar import Calendar
from collections.abc import Callable
from datetime import date
from itertools import groupby
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.jobs.library import Stretch, month_of, week_of
from digest.web.container import Site
from digest.web.rendering import PUBLIC, page

T = TypeVar("T")

PER_PAGE = 100
MOST_LIKED = 30  # of a week or a month
WEEK = re.compile(r"(\d{4})-W(\d{2})")
MONTH = re.compile(r"(\d{4})-(\d{2})")


def days(request: Request) -> Response:
    """Show the days as a calendar, newest month first."""
    counts = Site.of(request).library.days()
    months = [month for month, _ in groupby(counts, lambda day: day.replace(day=1))]
    weeks = {month: Calendar().monthdatescalendar(month.year, month.month) for month in months}
    return page(request, "archive", headers=PUBLIC, months=weeks, counts=counts)


def listed(request: Request) -> Response:
    """Show the papers of a day, a week (`2025-W52`) or a month (`2025-12`)."""
    when = request.path_params["when"]
    if week := WEEK.fullmatch(when):
        year, number = map(int, week.groups())
        return _liked(request, *_dates(lambda: week_of(date.fromisocalendar(year, number, 1))), "week")
    if month := MONTH.fullmatch(when):
        year, number = map(int, month.groups())
        return _liked(request, *_dates(lambda: month_of(date(year, number, 1))), "month")
    return _day(request, _dates(lambda: _plain(when)))


def _plain(when: str) -> date:
    """Read a day written in the one way in which we write it, so that each has one address."""
    day = date.fromisoformat(when)
    if day.isoformat() != when:
        raise ValueError(when)
    return day


def _dates(read: Callable[[], T]) -> T:
    """Read dates; what is none has no page."""
    try:
        return read()
    except (ValueError, OverflowError):
        raise HTTPException(404) from None


def _day(request: Request, day: date) -> Response:
    library = Site.of(request).library
    stretch = library.stretch(day, day)
    number = _page_number(request, stretch.papers)
    papers = library.liked(stretch, first=(number - 1) * PER_PAGE, most=PER_PAGE)
    if not papers:
        return _nothing(request, stretch)
    pages = -(-stretch.papers // PER_PAGE)
    known: dict[str, Any] = {"day": stretch, "papers": papers, "today": _today(request), "pages": (number, pages)}
    return page(request, "day", headers=PUBLIC, **known)


def _page_number(request: Request, papers: int) -> int:
    asked = request.query_params.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 5 else 0
    if not 1 <= number <= max(1, -(-papers // PER_PAGE)):
        raise HTTPException(404)
    return number


def _nothing(request: Request, stretch: Stretch) -> Response:
    """Say why a day has no papers, and which has; a day before the first and one to come are no pages at all."""
    if not (stretch.before and (stretch.after or stretch.first <= _today(request))):
        raise HTTPException(404)
    return page(request, "empty_day", 404, day=stretch, today=_today(request))


def _liked(request: Request, first: date, last: date, kind: str) -> Response:
    library = Site.of(request).library
    stretch = library.stretch(first, last)
    papers = library.liked(stretch, most=MOST_LIKED) if stretch.papers else ()
    if not papers:
        raise HTTPException(404)
    known: dict[str, Any] = {"span": stretch, "kind": kind, "papers": papers, "today": _today(request)}
    days = [(day, count) for day, count in library.days().items() if first <= day <= last]
    return page(request, "liked", headers=PUBLIC, **known, days=days[::-1], **_beside(stretch, kind))


def _beside(stretch: Stretch, kind: str) -> dict[str, Any]:
    """The addresses of the weeks or months before and after that have papers."""
    name: Callable[[date], str] = week_name if kind == "week" else month_name
    return {
        "earlier": name(stretch.before) if stretch.before else "",
        "later": name(stretch.after) if stretch.after else "",
    }


def week_name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def month_name(day: date) -> str:
    return f"{day:%Y-%m}"


def _today(request: Request) -> date:
    return Site.of(request).now().date()
