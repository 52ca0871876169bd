"""The way out: one button or one click of a mail program ends it, another button forgets everything. No questions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from digest.links import Purpose
from digest.readers import subscriptions
from digest.readers.form import Typed
from digest.web.site import Site, page, reader_behind, still_there


def ask(request: Request) -> Response:
    """Show the button. Programs that follow every link in a mail must not end anything (RFC 8058, section 1)."""
    return page(request, "unsubscribe", reader=reader_behind(request, Purpose.UNSUBSCRIBE))


def unsubscribe(request: Request, _filled: Typed) -> Response:
    """End it, at once, whatever the body says; twice is as good as once (RFC 8058, section 3.1)."""
    reader = reader_behind(request, Purpose.UNSUBSCRIBE)
    site = Site.of(request)
    subscriptions.leave(site.engine, reader.id, site.now())
    return page(request, "unsubscribed", reader=reader)


def come_back(request: Request, _filled: Typed) -> Response:
    """Take back a reader who left; whoever never confirmed stays out."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    back = still_there(subscriptions.come_back(site.engine, reader.id, site.now()))
    return page(request, "back", reader=back)


def ask_to_delete(request: Request) -> Response:
    return page(request, "delete", reader=reader_behind(request, Purpose.PREFERENCES))


def delete(request: Request, _filled: Typed) -> Response:
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    subscriptions.delete(site.engine, reader.id, site.now())
    return page(request, "deleted")
