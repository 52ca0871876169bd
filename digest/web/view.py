"""A digest as a page: what the link in a mail leads to. Changes nothing."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.links import Purpose
from digest.web.container import Site
from digest.web.lookup import delivery_behind

# A mail carries its style in its tags, has no scripts, and pictures only for a reader who asked for them.
AS_IN_A_MAIL = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src https:; frame-ancestors 'none'; base-uri 'none'"
    )
}


def view(request: Request) -> Response:
    """Show a digest that was sent."""
    site = Site.of(request)
    delivery = delivery_behind(request, Purpose.VIEW)
    if not delivery.papers:
        raise HTTPException(404)
    return HTMLResponse(site.digests.show(delivery), headers=AS_IN_A_MAIL)
