"""What one gets: change it, pause it, take it away as JSON. Whoever holds the link in the mail is the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from json import dumps
from typing import Any

from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Kind, Reader
from digest.jobs import at_once
from digest.jobs.at_once import AtOnce
from digest.links import Purpose
from digest.readers import addresses, form, subscriptions
from digest.readers.form import NO_MISTAKES, NOTHING, Mistakes, Typed
from digest.store import bounces, feedback, heard, ledger, siblings
from digest.web.container import Site
from digest.web.lookup import reader_behind, still_there
from digest.web.rendering import busy, page
from digest.web.start import ticked
from digest.web.zones import resolved

# The buttons beside topics.
CHIPS = {"add", "remove", "unmute"}
OF_SOMEBODY_ELSE = ("state", "reason", "attempts", "tried_at", "next_attempt_at")


def show(request: Request) -> Response:
    return shown_to(request, reader_behind(request, Purpose.PREFERENCES))


def save(request: Request, filled: Typed) -> Response:
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    if not (form.FIELDS.keys() | CHIPS) & filled.keys() and not ticked(filled):
        raise HTTPException(400)  # Nothing of it could be read, so nothing is saved.
    if "unmute" in filled:
        return _unmute(request, reader, filled["unmute"])
    filled = resolved(_by_chip(filled, reader))
    try:
        wanted = form.preferences(filled, reader.preferences)
    except Mistakes as mistakes:
        return shown_to(request, reader, filled=filled, mistakes=mistakes.by_field, status=422)
    changed = subscriptions.change(site.engine, reader.id, wanted, site.now())
    return shown_to(request, still_there(changed), notice="Saved.")


def _unmute(request: Request, reader: Reader, topic: str) -> Response:
    """Let a topic bring papers again, before its time."""
    site, before = Site.of(request), reader.preferences
    wanted = replace(before, muted=tuple(mute for mute in before.muted if mute.topic != topic))
    changed = subscriptions.change(site.engine, reader.id, wanted, site.now())
    return shown_to(request, still_there(changed), notice="Unmuted: it brings papers again.")


def _by_chip(filled: Typed, reader: Reader) -> Typed:
    """Add or remove the one topic whose button was pressed, and add what was ticked, beside what was typed."""
    if not CHIPS & filled.keys() and not ticked(filled):
        return filled
    written = filled.get("topics", "\n".join(reader.preferences.topics)).split("\n")
    kept = [topic for topic in written if topic.strip() and topic.strip() != filled.get("remove", "").strip()]
    return {**filled, "topics": "\n".join([*kept, *filter(None, [filled.get("add", ""), *ticked(filled)])])}


def pause(request: Request, filled: Typed) -> Response:
    """Pause: until they resume, or until the day they name."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    try:
        until = form.pause_end(filled["until"], site.now().date()) if filled.get("until") else None
    except Mistakes as mistakes:
        return shown_to(request, reader, filled=filled, mistakes=mistakes.by_field, status=422)
    paused = subscriptions.pause(site.engine, reader.id, site.now(), until)
    return shown_to(request, still_there(paused), notice="Paused.")


def resume(request: Request, _filled: Typed) -> Response:
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    resumed = subscriptions.resume(site.engine, reader.id, site.now())
    return shown_to(request, still_there(resumed), notice="Resumed: your digest is back on.")


NOW_SAID = {
    AtOnce.PLANNED: "If there is anything new for you, it arrives within a few minutes.",
    AtOnce.TOO_SOON: "You got one not long ago. Please try again in a few hours.",
    AtOnce.NOTHING: "",
}


def send_now(request: Request, _filled: Typed) -> Response:
    """Send what is new before its time."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    said = NOW_SAID[at_once.plan(site.engine, reader.id, site.now())]
    return shown_to(request, reader_behind(request, Purpose.PREFERENCES), notice=said)


def move(request: Request, filled: Typed) -> Response:
    """Ask another address whether it wants the digest. The answer is the same whoever has that address."""
    site = Site.of(request)
    reader = reader_behind(request, Purpose.PREFERENCES)
    if too_many := busy(request, site.limits.subscribe):
        return too_many
    try:
        address = form.address(filled)
    except Mistakes as mistakes:
        return shown_to(request, reader, filled=filled, mistakes=mistakes.by_field, status=422)
    quietly = bool(site.limits.address.wait(address))
    asking = addresses.ask(site.engine, reader.id, address, site.now(), quietly=quietly)
    return shown_to(request, still_there(asking))


def export(request: Request) -> Response:
    """Hand over everything that is kept about a reader, with their other digests, as JSON."""
    reader = reader_behind(request, Purpose.PREFERENCES)
    engine = Site.of(request).engine
    kept = _kept(engine, reader)
    if others := siblings.of(engine, reader):
        kept["other_digests"] = [_kept(engine, one) for one in others]
    text = dumps(kept, ensure_ascii=False, indent=2, default=lambda moment: moment.isoformat())
    named = {"Content-Disposition": 'attachment; filename="paper-digest.json"'}
    return Response(text, media_type="application/json", headers=named)


def _kept(engine: Engine, reader: Reader) -> dict[str, object]:
    mails = ledger.rows_of(engine, reader.id)
    return {
        # All but the key: whoever gets this file need not get the page.
        "reader": {name: value for name, value in asdict(reader).items() if name != "key"},
        "other_addresses": sorted({mail["recipient"] for mail in mails} - {""}),
        "papers_sent": sorted(heard.papers_sent(engine, [reader.id])[reader.id]),
        "mails": [_told(dict(mail)) for mail in mails],
        "bounces": list(map(dict, bounces.rows_of(engine, reader.id))),
        "answers": feedback.rows_of(engine, reader.id),
        "saved_papers": feedback.saved_by(engine, reader.id),
    }


def _told(mail: Mapping[str, object]) -> dict[str, object]:
    """A row of the ledger, without what became of a mail that asked somebody else: it would tell who they are."""
    hidden = OF_SOMEBODY_ELSE if mail["kind"] == Kind.MOVE else ()
    return {name: value for name, value in mail.items() if name not in hidden}


def shown_to(
    request: Request,
    reader: Reader,
    *,
    filled: Typed = NOTHING,
    mistakes: Mapping[str, str] = NO_MISTAKES,
    notice: str = "",
    status: int = 200,
) -> Response:
    """Show a reader the page of one of their digests."""
    site = Site.of(request)
    known: dict[str, Any] = {
        "reader": reader,
        "others": siblings.of(site.engine, reader),
        "typed": {"email": "", "until": "", **form.typed(reader.preferences), **filled},
        "mistakes": mistakes,
        "notice": notice,
        "resting": reader.preferences.resting(site.now().date()),
        "brought": site.previews.brought(reader.preferences.topics),
    }
    return page(request, "preferences", status, **known)
