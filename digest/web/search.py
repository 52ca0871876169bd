"""Search over every stored paper, and what follows from it: the pages of an author and of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.jobs.searches import Asked, Found
from digest.store.wanted import Order
from digest.web.asked import MOST_FAR, further, is_blank, newest, place, read, written
from digest.web.container import Site
from digest.web.rendering import OPEN, PUBLIC, page

LONGEST_NAME = 200


def search(request: Request) -> Response:
    """Show what matches, and a form to ask for something else."""
    asked, mistakes = read(request)
    if is_blank(asked):
        return _results(request, asked, Found(()), mistakes, blank=True)
    return _results(request, asked, Site.of(request).searches.search(asked), mistakes)


def _results(request: Request, asked: Asked, found: Found, mistakes: Sequence[str], *, blank: bool = False) -> Response:
    site = Site.of(request)
    known: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "mistakes": mistakes,
        "blank": blank,
        "sources": site.settings.sources,
        "same": urlencode(written(asked)),
        "later": further(asked, found),
        "as_feed": newest(asked),
    }
    # Of the endless pages there are, the first one of a question that has an answer is worth finding.
    worth = blank or (bool(found.picks) and written(asked).keys() == {"q"} and not asked.first and not found.loosened)
    headers = PUBLIC if worth and not mistakes else {**OPEN, "X-Robots-Tag": "noindex, follow"}
    return page(request, "search", headers=headers, **known, today=site.now().date())


def author(request: Request) -> Response:
    """Show what somebody wrote, newest first."""
    return _followed(request, "author", "author")


def organization(request: Request) -> Response:
    """Show what an organization published, newest first."""
    return _followed(request, "organization", "org")


def _followed(request: Request, kind: str, field: str) -> Response:
    name = " ".join(request.path_params["name"].replace('"', " ").split())
    topic = f'{field}:"{name}"'
    first = place(request)
    if not name or len(name) > LONGEST_NAME or first is None:
        raise HTTPException(404)
    site = Site.of(request)
    asked = Asked(topic, Order.NEWEST, first=first)
    found = site.searches.search(asked)
    if not found.picks and not first:
        raise HTTPException(404)
    later = urlencode({"from": found.after}) if found.after and found.after <= MOST_FAR else ""
    known: dict[str, Any] = {"name": name, "kind": kind, "topic": topic, "found": found, "later": later, "first": first}
    return page(request, "followed", headers=PUBLIC, **known, as_feed=newest(asked), today=site.now().date())
