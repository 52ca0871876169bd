"""The way in: the form, the answer to it, and the one button that confirms."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from digest import form, subscriptions
from digest.domain import Preferences, Reader, Status
from digest.form import NO_MISTAKES, Mistakes, Typed
from digest.jobs.previewing import Preview
from digest.links import Purpose
from digest.web.site import PUBLIC, Site, asked_topics, busy, page, reader_behind, still_there

# A field that people do not see and browsers do not fill in by themselves; programs do.
TRAP = "subject"
FRESH: Typed = {"email": "", **form.typed(Preferences())}
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
        if too_many := busy(request, site.gate):
            return too_many
        subscriptions.subscribe(site.engine, email, preferences, site.now())
    return page(request, "inbox")


def preview(request: Request) -> Response:
    """Show what the topics in the address would bring: a page one can link to."""
    return preview_typed(request, {"topics": asked_topics(request)})


def preview_typed(request: Request, filled: Typed) -> Response:
    """Show what the topics in the form would bring, and keep the form as it was filled in."""
    site = Site.of(request)
    if too_many := busy(request, site.preview_gate):
        return too_many
    filled = {**FRESH, **filled}
    return _form(request, filled, seen=site.shown.preview(filled["topics"].replace("\r", "")))


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
