"""The new address's side of a change of address: a page with one button to agree and one to decline."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Delivery, Kind
from digest.links import Purpose
from digest.readers import addresses
from digest.readers.form import Typed
from digest.web.container import Site
from digest.web.lookup import delivery_behind
from digest.web.rendering import page


def ask(request: Request) -> Response:
    asked = _request_behind(request)
    return page(request, "moved" if addresses.arrived(asked) else "move", asked=asked)


def agree(request: Request, _filled: Typed) -> Response:
    """Let the digest come to this address; twice is as good as once."""
    site = Site.of(request)
    asked = _request_behind(request)
    free = addresses.agree(site.engine, asked, site.now())
    # Read anew: the link to the page of one who moved has a new key.
    return page(request, "moved" if free else "taken", asked=delivery_behind(request, Purpose.MOVE))


def decline(request: Request, _filled: Typed) -> Response:
    """Leave things as they are; twice is as good as once. Who has agreed meanwhile is told that it comes here."""
    asked = delivery_behind(request, Purpose.MOVE)
    if asked.kind is not Kind.MOVE:
        raise HTTPException(404)
    addresses.decline(Site.of(request).engine, asked)
    return page(request, "moved" if addresses.arrived(asked) else "declined", asked=asked)


def _request_behind(request: Request) -> Delivery:
    """Find which change of address a link is about. Whatever is wrong with it, the answer is the same 404."""
    asked = delivery_behind(request, Purpose.MOVE)
    if not (addresses.waits(asked) or addresses.arrived(asked)):
        raise HTTPException(404)
    return asked
