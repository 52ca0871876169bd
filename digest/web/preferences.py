"""What one gets: change it, pause it, take it away as JSON. Whoever holds the link in the mail is the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from json import dumps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Kind, Reader
from digest.links import Purpose
from digest.readers import addresses, form, subscriptions
from digest.readers.form import NO_MISTAKES, NOTHING, Mistakes, Typed
from digest.store import bounces, ledger
from digest.web.site import Site, busy, page, reader_behind, still_there

OF_SOMEBODY_ELSE = ("state", "reason", "attempts", "tried_at", "next_attempt_at")


def show(request: Request) -> Response:
    return _page(request, reader_behind(request, Purpose.PREFERENCES))


def save(request: Request, filled: Typed) -> Response:
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    if not form.FIELDS.keys() & filled.keys():
        raise HTTPException(400)  # Nothing of it could be read, so nothing is saved.
    try:
        wanted = form.preferences(filled, reader.preferences)
    except Mistakes as mistakes:
        return _page(request, reader, filled=filled, mistakes=mistakes.by_field, status=422)
    changed = subscriptions.change(site.engine, reader.id, wanted, site.now())
    return _page(request, still_there(changed), notice="Saved.")


def pause(request: Request, filled: Typed) -> Response:
    """Pause the digest: until the day that was given, if one was."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    try:
        until = form.pause_end(filled["until"], site.now().date()) if filled.get("until") else None
    except Mistakes as mistakes:
        return _page(request, reader, filled=filled, mistakes=mistakes.by_field, status=422)
    paused = subscriptions.pause(site.engine, reader.id, site.now(), until)
    return _page(request, still_there(paused))


def resume(request: Request, _filled: Typed) -> Response:
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    resumed = subscriptions.resume(site.engine, reader.id, site.now())
    return _page(request, still_there(resumed))


def move(request: Request, filled: Typed) -> Response:
    """Ask another address whether it wants the digest. The answer is the same whoever has that address."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    try:
        address = form.address(filled)
    except Mistakes as mistakes:
        return _page(request, reader, filled=filled, mistakes=mistakes.by_field, status=422)
    if too_many := busy(request, site.subscribe_limit):
        return too_many
    quietly = bool(site.address_limit.wait_to_write(address))
    asking = addresses.ask(site.engine, reader.id, address, site.now(), quietly=quietly)
    return _page(request, still_there(asking))


def export(request: Request) -> Response:
    """Hand over everything that is kept about a reader, as JSON."""
    reader = reader_behind(request, Purpose.PREFERENCES)
    engine = Site.of(request).engine
    mails = ledger.rows_of(engine, reader.id)
    kept = {
        # All but the key: whoever gets this file need not get the page.
        "reader": {name: value for name, value in asdict(reader).items() if name != "key"},
        "other_addresses": sorted({mail["recipient"] for mail in mails} - {""}),
        "papers_sent": sorted(ledger.papers_sent(engine, [reader.id])[reader.id]),
        "mails": [_told(dict(mail)) for mail in mails],
        "bounces": list(map(dict, bounces.rows_of(engine, reader.id))),
    }
    text = dumps(kept, ensure_ascii=False, indent=2, default=lambda moment: moment.isoformat())
    named = {"Content-Disposition": 'attachment; filename="paper-digest.json"'}
    return Response(text, media_type="application/json", headers=named)


def _told(mail: Mapping[str, object]) -> dict[str, object]:
    """A row of the ledger, without what became of a mail that asked somebody else: it would tell who they are."""
    hidden = OF_SOMEBODY_ELSE if mail["kind"] == Kind.MOVE else ()
    return {name: value for name, value in mail.items() if name not in hidden}


def _page(
    request: Request,
    reader: Reader,
    *,
    filled: Typed = NOTHING,
    mistakes: Mapping[str, str] = NO_MISTAKES,
    notice: str = "",
    status: int = 200,
) -> Response:
    shown = {"email": "", **form.typed(reader.preferences), **filled}
    return page(request, "preferences", status, reader=reader, typed=shown, mistakes=mistakes, notice=notice)
