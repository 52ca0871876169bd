"""The way in: the form, the answer to it, and the one button that confirms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import Engine
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Delivery, Kind, Preferences, Reader, Status
from digest.jobs.previews import Preview
from digest.links import Purpose
from digest.logs import get_logger
from digest.readers import form, subscriptions
from digest.readers.form import NO_MISTAKES, Mistakes, Typed
from digest.readers.subscriptions import SUBSCRIBED, Asked
from digest.web import webmail
from digest.web.container import Site
from digest.web.home import FRESH, TRAP
from digest.web.lookup import delivery_behind, still_there
from digest.web.rendering import asked_topics, busy, page
from digest.web.start import ticked
from digest.web.zones import resolved

log = get_logger()


def subscribe(request: Request, filled: Typed) -> Response:
    """Take a subscription. The answer is the same whoever has this address and whatever it was before."""
    site = Site.of(request)
    if not filled.get(TRAP) and (too_many := busy(request, site.limits.subscribe)):
        return too_many
    try:
        email, preferences = form.subscription(resolved(filled))
    except Mistakes as mistakes:
        return _form(request, {**FRESH, **filled}, mistakes.by_field, 422)
    known: dict[str, Any] = {"typed": form.typed(preferences), "webmail": webmail.of(email)}
    answer = page(request, "inbox", email=email, **known, again=bool(filled.get("again")))
    if not filled.get(TRAP):
        now, most = site.now(), site.settings.confirmations_per_hour
        if subscriptions.room(site.engine, now, most) is Asked.LATER:
            return page(request, "later", 503, {"Retry-After": str(ceil(subscriptions.AN_HOUR.total_seconds()))})
        # After the answer: how long it takes would tell whether the address is on the list.
        answer.background = BackgroundTask(
            site.pools.run, site.pools.joining, _take, site.engine, email, preferences, now, most
        )
    return answer


def _take(engine: Engine, email: str, preferences: Preferences, now: datetime, most: int) -> None:
    """Do what a subscription takes. The visitor has their answer; should it fail, they ask again when no mail comes."""
    try:
        subscriptions.subscribe(engine, email, preferences, now, most=most)
    except Exception as error:
        # No more than its kind: a database quotes the address in what it says.
        log.error("subscription.lost", error=type(error).__name__)


def preview(request: Request) -> Response:
    """Show what the topics in the address would bring: a page one can link to."""
    return preview_typed(request, {"topics": asked_topics(request)})


def preview_typed(request: Request, filled: Typed) -> Response:
    """Show what the topics in the form would bring, and keep the form as it was filled in."""
    site = Site.of(request)
    filled = _with_added({**FRESH, **filled})
    return _form(request, filled, seen=site.previews.preview(filled["topics"]))


def preview_part(request: Request, filled: Typed) -> Response:
    """The same for the page that shows it beside what one types."""
    site = Site.of(request)
    topics = filled.get("topics", "")
    return page(request, "preview_part", preview=site.previews.preview(topics), topics=topics, year=site.now().year)


def _with_added(filled: Typed) -> Typed:
    """Add the suggestion whose button was pressed, and what was ticked."""
    added = [filled.get("add", ""), *ticked(filled)]
    return {**filled, "topics": "\n".join(filter(None, [filled["topics"], *added]))} if any(added) else filled


def _form(
    request: Request,
    filled: Typed,
    mistakes: Mapping[str, str] = NO_MISTAKES,
    status: int = 200,
    seen: Preview | None = None,
) -> Response:
    known: dict[str, Any] = {"typed": filled, "mistakes": mistakes, "trap": TRAP, "preview": seen}
    return page(request, "form", status, **known, year=Site.of(request).now().year)


def ask(request: Request) -> Response:
    asked = _request_behind(request)
    if not asked.requested:
        return _confirmed(request, asked.reader)
    return page(request, "confirm", reader=asked.reader, wanted=asked.requested)


def confirm(request: Request, _filled: Typed) -> Response:
    """Let the digests begin; twice is as good as once."""
    site = Site.of(request)
    return _confirmed(request, still_there(subscriptions.confirm(site.engine, _request_behind(request), site.now())))


def _confirmed(request: Request, reader: Reader) -> Response:
    """Say where a reader stands, and show what they may expect; whoever left since the link was sent is told so."""
    if reader.status not in SUBSCRIBED:
        return left_since(request, reader)
    seen = _first_picks(request, reader) if reader.status is Status.ACTIVE else None
    return page(request, "confirmed", reader=reader, preview=seen, year=Site.of(request).now().year)


def left_since(request: Request, reader: Reader) -> Response:
    """Tell somebody who left since the link was sent that nothing comes any more."""
    known: dict[str, Any] = {"own": False, "others": 0, "of_all": False, "here": ""}
    return page(request, "unsubscribed", reader=reader, before=reader.status, **known)


def _first_picks(request: Request, reader: Reader) -> Preview:
    """The best papers of the last days for what they chose, as the preview would show them."""
    seen = Site.of(request).previews.preview("\n".join(reader.preferences.topics))
    return replace(seen, suggestions=())


def _request_behind(request: Request) -> Delivery:
    asked = delivery_behind(request, Purpose.CONFIRM)
    if asked.kind is not Kind.CONFIRM:
        raise HTTPException(404)
    return asked
