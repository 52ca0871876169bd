"""Search over every stored paper, and what follows from it: the pages of an author and of an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.jobs.searches import Asked, Found
from digest.store.wanted import Order
from digest.web.container import Site
from digest.web.rendering import OPEN, PUBLIC, asked_topics, page

ASKS = ("q", "order", "since", "until", "source", "code", "from")
MOST_FAR = 2_000  # papers: nobody leafs further, and each page costs more than the one before
LONGEST_NAME = 200


def search(request: Request) -> Response:
    """Show what matches, and a form to ask for something else."""
    asked, mistake = _asked(request)
    if not (asked.query or asked.source or asked.code or asked.since or asked.until):
        return _results(request, asked, Found(()), mistake, blank=True)
    return _results(request, asked, Site.of(request).searches.search(asked), mistake)


def _results(request: Request, asked: Asked, found: Found, mistake: str, *, blank: bool = False) -> Response:
    site = Site.of(request)
    known: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "mistake": mistake,
        "blank": blank,
        "sources": site.settings.sources,
    }
    later = _further(asked, found)
    # Of the endless pages there are, the first one of a question that has an answer is worth finding.
    worth = blank or (bool(found.picks) and written(asked).keys() == {"q"} and not asked.first and not found.loosened)
    headers = PUBLIC if worth else {**OPEN, "X-Robots-Tag": "noindex, follow"}
    return page(request, "search", headers=headers, **known, later=later, today=site.now().date())


def author(request: Request) -> Response:
    """Show what somebody wrote, newest first."""
    return _followed(request, "author", "author")


def organization(request: Request) -> Response:
    """Show what an organization published, newest first."""
    return _followed(request, "organization", "org")


def _followed(request: Request, kind: str, field: str) -> Response:
    name = " ".join(request.path_params["name"].replace('"', " ").split())
    topic = f'{field}:"{name}"'
    first = _place(request.query_params.get("from", ""))
    if not name or len(name) > LONGEST_NAME or first is None:
        raise HTTPException(404)
    site = Site.of(request)
    found = site.searches.search(Asked(topic, Order.NEWEST, first=first))
    if not found.picks and not first:
        raise HTTPException(404)
    later = urlencode({"from": found.after}) if found.after and found.after <= MOST_FAR else ""
    known: dict[str, Any] = {"name": name, "kind": kind, "topic": topic, "found": found, "later": later, "first": first}
    return page(request, "followed", headers=PUBLIC, **known, today=site.now().date())


def _asked(request: Request) -> tuple[Asked, str]:
    """Read the form; what cannot be read is left out, and said."""
    given = request.query_params
    since, until = _date(given.get("since", "")), _date(given.get("until", ""))
    first = _place(given.get("from", ""))
    order = given.get("order", "")
    mistake = ""
    if isinstance(since, str) or isinstance(until, str):
        mistake = "Please write dates like 2025-12-24."
    asked = Asked(
        query=asked_topics(request, "q"),
        order=Order(order) if order in list(Order) else Order.FIT,
        since=since if isinstance(since, date) else None,
        until=until if isinstance(until, date) else None,
        source=given.get("source", "") if given.get("source", "") in Site.of(request).settings.sources else "",
        code=given.get("code", "") == "yes",
        first=first or 0,
    )
    return asked, mistake


def _date(text: str) -> date | str | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return text


def _place(text: str) -> int | None:
    if not text:
        return 0
    known = text.isascii() and text.isdecimal() and len(text) <= 4
    return int(text) if known and int(text) <= MOST_FAR else None


def _further(asked: Asked, found: Found) -> str:
    """The query of the next page; empty where there is none."""
    if not found.after or found.after > MOST_FAR:
        return ""
    return urlencode({**written(asked), "from": found.after})


def written(asked: Asked) -> Mapping[str, str]:
    """Write what was asked as one would have typed it into the address."""
    said = {
        "q": asked.query,
        "order": "" if asked.order is Order.FIT else asked.order.value,
        "since": asked.since.isoformat() if asked.since else "",
        "until": asked.until.isoformat() if asked.until else "",
        "source": asked.source,
        "code": "yes" if asked.code else "",
    }
    return {name: value for name, value in said.items() if value}
