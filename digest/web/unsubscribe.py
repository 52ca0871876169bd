"""The way out: one button or one click of a mail program ends it, another button forgets everything. No questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Cadence, Reader, Status
from digest.links import Purpose
from digest.readers import subscriptions
from digest.readers.form import Typed
from digest.readers.subscriptions import SUBSCRIBED
from digest.store import siblings
from digest.web.container import Site
from digest.web.lookup import is_own, owner_behind, reader_behind, still_there
from digest.web.rendering import page

A_MONTH = timedelta(days=30)


def ask(request: Request) -> Response:
    """Show the buttons. Programs that follow every link in a mail must not end anything (RFC 8058, section 1)."""
    reader, own = reader_behind(request, Purpose.UNSUBSCRIBE), is_own(request, Purpose.UNSUBSCRIBE)
    others = _others(request, reader) if own else 0
    if own and reader.status is Status.UNSUBSCRIBED:
        return _unsubscribed(request, reader, own=own, others=others)
    return page(request, "unsubscribe", reader=reader, own=own, others=others, here=request.path_params["token"])


def unsubscribe(request: Request, _filled: Typed) -> Response:
    """End it, at once, whatever the body says; twice is as good as once (RFC 8058, section 3.1)."""
    reader = reader_behind(request, Purpose.UNSUBSCRIBE)
    site = Site.of(request)
    subscriptions.leave(site.engine, reader.id, site.now())
    own = is_own(request, Purpose.UNSUBSCRIBE)
    return _unsubscribed(request, reader, own=own, others=_others(request, reader) if own else 0)


def end_all(request: Request, _filled: Typed) -> Response:
    """End every digest of this address. No mail program presses this: one click ends the one it came with."""
    site = Site.of(request)
    reader = owner_behind(request, Purpose.UNSUBSCRIBE)
    subscriptions.leave_all(site.engine, reader.id, site.now())
    return _unsubscribed(request, reader, own=True, others=0, of_all=True)


def _unsubscribed(request: Request, reader: Reader, *, own: bool, others: int, of_all: bool = False) -> Response:
    here = request.path_params["token"]
    known: dict[str, Any] = {"before": reader.status, "own": own, "others": others, "of_all": of_all, "here": here}
    return page(request, "unsubscribed", reader=reader, **known)


def _others(request: Request, reader: Reader) -> int:
    """How many other digests go on: providers see this link too, and learn no more of them."""
    return sum(one.status in SUBSCRIBED for one in siblings.of(Site.of(request).engine, reader))


def weekly_instead(request: Request, _filled: Typed) -> Response:
    """Send less, for somebody who was about to leave."""
    site = Site.of(request)
    reader = owner_behind(request, Purpose.UNSUBSCRIBE)
    if reader.status in SUBSCRIBED:
        weekly = replace(reader.preferences, cadence=Cadence.WEEKLY)
        reader = still_there(subscriptions.change(site.engine, reader.id, weekly, site.now()))
    return page(request, "stays", reader=reader)


def pause_instead(request: Request, _filled: Typed) -> Response:
    """Send nothing for a while, for somebody who was about to leave."""
    site = Site.of(request)
    reader = owner_behind(request, Purpose.UNSUBSCRIBE)
    if reader.status in SUBSCRIBED:
        until = site.now().date() + A_MONTH
        reader = still_there(subscriptions.pause(site.engine, reader.id, site.now(), until))
    return page(request, "stays", reader=reader)


def undo(request: Request, _filled: Typed) -> Response:
    """Take back a reader who left by mistake; whoever never confirmed stays out."""
    reader = owner_behind(request, Purpose.UNSUBSCRIBE)
    # Providers see this link too: a complaint is taken back by the reader's own one alone.
    return _back(request, reader) if reader.status is Status.UNSUBSCRIBED else page(request, "back", reader=reader)


def come_back(request: Request, _filled: Typed) -> Response:
    """The same from the page of their preferences."""
    return _back(request, reader_behind(request, Purpose.PREFERENCES))


def _back(request: Request, reader: Reader) -> Response:
    site = Site.of(request)
    back = still_there(subscriptions.come_back(site.engine, reader.id, site.now()))
    return page(request, "back", reader=back)


def ask_to_delete(request: Request) -> Response:
    reader = reader_behind(request, Purpose.PREFERENCES)
    return page(request, "delete", reader=reader, others=siblings.of(Site.of(request).engine, reader))


def delete(request: Request, _filled: Typed) -> Response:
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    subscriptions.delete(site.engine, reader.id, site.now())
    return page(request, "deleted", left=0)


def delete_one(request: Request, _filled: Typed) -> Response:
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    others = siblings.of(site.engine, reader)
    subscriptions.delete_one(site.engine, reader.id, site.now())
    return page(request, "deleted", left=len(others))
