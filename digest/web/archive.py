"""What the sources listed, open to everybody: the days, the papers of one, and a feed for any topics."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Pick
from digest.store import papers
from digest.web.site import PUBLIC, Site, asked_topics, busy, page

MOST_ENTRIES = 50


def days(request: Request) -> Response:
    """List the days by month, newest first."""
    found = papers.days(Site.of(request).engine)
    months = [(month, list(listed)) for month, listed in groupby(found.items(), lambda day: day[0].replace(day=1))]
    return page(request, "archive", headers=PUBLIC, months=months)


def day(request: Request) -> Response:
    """List the papers of a day in their sources' order, each once."""
    try:
        on = date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise HTTPException(404) from None
    # Nobody picked them for a reason.
    listed = {
        listing.paper.id: Pick(listing.listed(), 0, ()) for listing in papers.listings_on(Site.of(request).engine, on)
    }
    if not listed:
        raise HTTPException(404)
    return page(request, "day", headers=PUBLIC, day=on, listed=listed.values())


def feed(request: Request) -> Response:
    """Give the newest papers for some topics as an Atom feed (RFC 4287)."""
    site = Site.of(request)
    if too_many := busy(request, site.preview_limit):
        return too_many
    topics = asked_topics(request)
    feed = site.templates.get_template("feed.atom")
    text = feed.render(topics=topics, picks=site.shown.newest(topics, MOST_ENTRIES), now=site.now())
    return Response(text, headers=PUBLIC, media_type="application/atom+xml")
