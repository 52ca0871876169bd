"""Pictures of what a page is about, for the places where somebody shares its address (OpenGraph)."""

from __future__ import annotations

from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.compose import wording
from digest.compose.mime import one_line
from digest.domain import Paper
from digest.web import drawing, listing
from digest.web.container import Site
from digest.web.paper import LONGEST_ID
from digest.web.rendering import PICTURE

WHAT_IT_IS = "AI papers on your topics, by email"
MOST_TITLES = 3


def of_site(request: Request) -> Response:
    """Show what the service is, for pages about nothing in particular."""
    return _png(drawing.card(WHAT_IT_IS))


def of_paper(request: Request) -> Response:
    """Show a title, who wrote it, and how it is liked."""
    name = request.path_params["name"]
    paper = Site.of(request).library.paper(name) if len(name) < LONGEST_ID else None
    if paper is None:
        raise HTTPException(404)
    said = (drawing.drawable(text).strip("· ") for text in (listing.who(paper), listing.when(paper, 0)))
    line = " · ".join(filter(None, said))
    return _png(drawing.card(one_line(paper.title), [line], paper.upvotes) or _unnamed(paper))


def _unnamed(paper: Paper) -> bytes:
    """What can be said of a paper whose title is in a script that we cannot draw."""
    return drawing.card(WHAT_IT_IS, [listing.when(paper, 0)], paper.upvotes)


def of_day(request: Request) -> Response:
    """Show a day, how many papers it has, and those liked most."""
    site, when = Site.of(request), request.path_params["when"]
    try:
        day = date.fromisoformat(when)
    except ValueError:
        raise HTTPException(404) from None
    if day.isoformat() != when or day not in site.library.days():
        raise HTTPException(404)
    span = site.library.stretch(day, day)
    titles = [one_line(paper.title) for paper in site.library.liked(span, most=MOST_TITLES)]
    return _png(drawing.card(listing.long_date(day), [wording.number(span.papers, "paper"), *titles]))


def _png(picture: bytes) -> Response:
    return Response(picture, headers=PICTURE, media_type="image/png")
