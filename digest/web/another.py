"""Another digest for the same address: a page with a form, which opens the page of the new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Reader
from digest.links import Purpose
from digest.readers import another, form
from digest.readers.form import NO_MISTAKES, NOTHING, Mistakes, Typed
from digest.web.container import Site
from digest.web.lookup import reader_behind, still_there
from digest.web.preferences import shown_to
from digest.web.rendering import busy, page
from digest.web.zones import resolved

BEGUN = "Added. If there is anything new on its topics, it arrives within a few minutes."


def ask(request: Request) -> Response:
    return _form(request, reader_behind(request, Purpose.PREFERENCES))


def add(request: Request, filled: Typed) -> Response:
    """Add it, and show its own page. What was left out is as in the digest from whose page it is added."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    # Each begins with a mail: who holds the link of a forwarded one sends its owner no flood.
    if too_many := busy(request, site.limits.subscribe):
        return too_many
    try:
        name, wanted = another.typed(_as_theirs(reader, resolved(filled)))
        added = another.add(site.engine, reader.id, name, wanted, site.now())
    except Mistakes as mistakes:
        return _form(request, reader, filled, mistakes.by_field, 422)
    return shown_to(request, still_there(added), notice=BEGUN)


def _as_theirs(reader: Reader, filled: Typed) -> Typed:
    """Fill in what was left out as in the digest they have, but for its name and topics."""
    return {**form.typed(reader.preferences), "topics": "", "name": "", **filled}


def _form(
    request: Request,
    reader: Reader,
    filled: Typed = NOTHING,
    mistakes: Mapping[str, str] = NO_MISTAKES,
    status: int = 200,
) -> Response:
    known: dict[str, Any] = {"reader": reader, "typed": _as_theirs(reader, filled), "mistakes": mistakes}
    return page(request, "another", status, **known)
