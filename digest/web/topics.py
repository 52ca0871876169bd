"""Other topics for somebody who subscribed again: a page that shows both, with one button to take the new ones."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Delivery, Kind, Reader
from digest.links import Purpose
from digest.readers import subscriptions
from digest.readers.form import Typed
from digest.readers.subscriptions import SUBSCRIBED
from digest.web.container import Site
from digest.web.lookup import delivery_behind, still_there
from digest.web.rendering import page
from digest.web.subscribe import left_since


def ask(request: Request) -> Response:
    asked = _request_behind(request)
    if asked.reader.status in SUBSCRIBED and asked.other_topics:
        return page(request, "topics", asked=asked)
    return _used(request, asked.reader)


def use(request: Request, _filled: Typed) -> Response:
    """Take them; twice is as good as once."""
    site = Site.of(request)
    asked = _request_behind(request)
    return _used(request, still_there(subscriptions.use_topics(site.engine, asked, site.now())))


def _used(request: Request, reader: Reader) -> Response:
    """Say what a reader has now; whoever left since the mail was sent is told so."""
    if reader.status not in SUBSCRIBED:
        return left_since(request, reader)
    return page(request, "topics_used", reader=reader)


def _request_behind(request: Request) -> Delivery:
    """Find which mail a link is about. Whatever is wrong with it, the answer is the same 404."""
    asked = delivery_behind(request, Purpose.TOPICS)
    if asked.kind is not Kind.MANAGE or not asked.requested:
        raise HTTPException(404)
    return asked
