"""The way in: the form, the answer to it, and the one button that confirms."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from starlette.requests import Request
from starlette.responses import Response

from digest import form, subscriptions
from digest.domain import Preferences, Reader, Status
from digest.form import NO_MISTAKES, Mistakes, Typed
from digest.jobs.previewing import Preview
from digest.links import Purpose
from digest.web.site import Site, page, reader_behind, still_there

# A field that people do not see and browsers do not fill in by themselves; programs do.
TRAP = "subject"
LONGEST_TOPICS = 10_000  # characters, as the form's field has
FRESH: Typed = {"email": "", **form.typed(Preferences())}
# The one page that is everybody's.
PUBLIC = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}
# What a link to confirm leads to; whoever left since it was sent is told so.
CONFIRMATION = {Status.PENDING: "confirm", Status.ACTIVE: "confirmed", Status.PAUSED: "confirmed"}


def welcome(request: Request) -> Response:
    return _form(request, FRESH, headers=PUBLIC)


def subscribe(request: Request, filled: Typed) -> Response:
    """Take a subscription. The answer is the same whoever has this address and whatever it was before."""
    try:
        email, preferences = form.subscription(filled)
    except Mistakes as mistakes:
        return _form(request, {**FRESH, **filled}, mistakes.by_field, 422)
    site = Site.of(request)
    if not filled.get(TRAP):
        if wait := site.gate.wait(request.client and request.client.host):
            return page(request, "busy", 429, {"Retry-After": str(wait)}, minutes=ceil(wait / 60))
        subscriptions.subscribe(site.engine, email, preferences, site.now())
    return page(request, "inbox")


def preview(request: Request) -> Response:
    """Show what the topics in the address would bring: a page one can link to."""
    return preview_typed(request, {"topics": request.query_params.get("topics", "")[:LONGEST_TOPICS]})


def preview_typed(request: Request, filled: Typed) -> Response:
    """Show what the topics in the form would bring, and keep the form as it was filled in."""
    site = Site.of(request)
    if wait := site.preview_gate.wait(request.client and request.client.host):
        return page(request, "busy", 429, {"Retry-After": str(wait)}, minutes=ceil(wait / 60))
    seen = site.shown.preview(filled.get("topics", "").replace("\r", ""))
    return _form(request, {**FRESH, **filled}, seen=seen)


def _form(
    request: Request,
    filled: Typed,
    mistakes: Mapping[str, str] = NO_MISTAKES,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    seen: Preview | None = None,
) -> Response:
    return page(request, "form", status, headers, typed=filled, mistakes=mistakes, trap=TRAP, preview=seen)


def ask(request: Request) -> Response:
    return _confirmation(request, reader_behind(request, Purpose.CONFIRM))


def confirm(request: Request, _filled: Typed) -> Response:
    """Let the digests begin; twice is as good as once."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.CONFIRM)
    return _confirmation(request, still_there(subscriptions.confirm(site.engine, reader.id, site.now())))


def _confirmation(request: Request, reader: Reader) -> Response:
    return page(request, CONFIRMATION.get(reader.status, "unsubscribed"), reader=reader)
