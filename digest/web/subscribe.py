"""The way in: the form, the answer to it, and the one button that confirms."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Delivery, Kind, Preferences, Reader
from digest.jobs.previews import Preview
from digest.links import Purpose
from digest.readers import form, subscriptions
from digest.readers.form import NO_MISTAKES, Mistakes, Typed
from digest.readers.subscriptions import SUBSCRIBED, Asked
from digest.web.site import PUBLIC, Site, asked_topics, busy, delivery_behind, page, still_there

# A field that people do not see and browsers do not fill in by themselves; programs do.
TRAP = "subject"
FRESH: Typed = {"email": "", **form.typed(Preferences())}


def welcome(request: Request) -> Response:
    return _form(request, FRESH, headers=PUBLIC)


def subscribe(request: Request, filled: Typed) -> Response:
    """Take a subscription. The answer is the same whoever has this address and whatever it was before."""
    try:
        email, preferences = form.subscription(filled)
    except Mistakes as mistakes:
        return _form(request, {**FRESH, **filled}, mistakes.by_field, 422)
    site = Site.of(request)
    answer = page(request, "inbox")
    if not filled.get(TRAP):
        if too_many := busy(request, site.subscribe_limit):
            return too_many
        now, most = site.now(), site.settings.confirmations_per_hour
        if subscriptions.room(site.engine, now, most) is Asked.LATER:
            return page(request, "later", 503, {"Retry-After": str(ceil(subscriptions.AN_HOUR.total_seconds()))})
        # After the answer: how long it takes would tell whether the address is on the list.
        answer.background = BackgroundTask(subscriptions.subscribe, site.engine, email, preferences, now, most=most)
    return answer


def preview(request: Request) -> Response:
    """Show what the topics in the address would bring: a page one can link to."""
    return preview_typed(request, {"topics": asked_topics(request)})


def preview_typed(request: Request, filled: Typed) -> Response:
    """Show what the topics in the form would bring, and keep the form as it was filled in."""
    site = Site.of(request)
    if too_many := busy(request, site.preview_limit):
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
    asked = _request_behind(request)
    return page(request, "confirm", reader=asked.reader) if asked.wanted else _confirmed(request, asked.reader)


def confirm(request: Request, _filled: Typed) -> Response:
    """Let the digests begin; twice is as good as once."""
    site = Site.of(request)
    return _confirmed(request, still_there(subscriptions.confirm(site.engine, _request_behind(request), site.now())))


def _confirmed(request: Request, reader: Reader) -> Response:
    """Say where a reader stands; whoever left since the link was sent is told so."""
    return page(request, "confirmed" if reader.status in SUBSCRIBED else "unsubscribed", reader=reader)


def _request_behind(request: Request) -> Delivery:
    asked = delivery_behind(request, Purpose.CONFIRM)
    if asked.kind is not Kind.CONFIRM:
        raise HTTPException(404)
    return asked
