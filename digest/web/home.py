"""The first page: what it is, one field to join, and today's papers."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

from digest.jobs.library import Stretch
from digest.readers import form
from digest.web.container import Site
from digest.web.rendering import PUBLIC, page

# The rest of a busy day is on the page of that day.
MOST_PAPERS = 40
# A field that people do not see and browsers do not fill in by themselves; programs do.
TRAP = "subject"
FRESH = {"email": "", **form.typed(form.AT_FIRST)}


def home(request: Request) -> Response:
    """Show the latest day. Without the database, the form alone: it may be back before the form is filled in."""
    site = Site.of(request)
    try:
        newest = next(iter(site.library.days()), None)
        stretch = site.library.stretch(newest, newest) if newest else None
        papers = site.library.liked(stretch, most=MOST_PAPERS) if stretch else ()
        headers = PUBLIC
    except DBAPIError:
        stretch, papers, headers = None, (), {}
    return page(request, "home", headers=headers, **_known(site, stretch), papers=papers)


def _known(site: Site, stretch: Stretch | None) -> dict[str, Any]:
    return {"day": stretch, "today": site.now().date(), "typed": FRESH, "trap": TRAP, "mistakes": {}}
