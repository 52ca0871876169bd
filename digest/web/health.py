"""Two probes: does the process live, and can it do its work. Refuses to say why not; that is in the log."""

from __future__ import annotations

from threading import Lock
from time import monotonic

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from digest.domain import CollectionRun
from digest.logs import get_logger
from digest.settings import urls
from digest.store import collections
from digest.store.engine import StoreUnready, unreachable
from digest.store.engine import ready as schema_is_newest
from digest.store.space import disk_free
from digest.transport.rate_limiter import answers
from digest.web.container import Site

# What one look costs, anybody could ask for as often as they like.
KEEP_SECONDS = 2.0
# The share of the disk below which the next write may be the last.
LEAST_DISK = 0.01
_looking = Lock()


async def alive(request: Request) -> Response:
    """Answer from the event loop itself, whatever the threads are at; to a POST, too, as mail programs make one."""
    return PlainTextResponse("ok\n", headers={urls.BADGE: Site.of(request).settings.badge})


def ready(request: Request) -> Response:
    """Say how it is, or was a moment ago."""
    known = request.app.state
    with _looking:
        if monotonic() >= getattr(known, "looked_until", 0):
            known.readiness, known.looked_until = _look(request), monotonic() + KEEP_SECONDS
        response: Response = known.readiness
    return response


def _look(request: Request) -> Response:
    """Say whether the database can be used, and how fresh its papers are: the last collection of each source."""
    site = Site.of(request)
    try:
        # This first: it fails on an empty database, to which the second would give a schema.
        newest = {collection.source: collection for collection in collections.newest(site.engine)}
        schema_is_newest(site.engine)
    except (DBAPIError, StoreUnready) as error:
        why = str(error) if isinstance(error, StoreUnready) else unreachable(site.engine.url, error)
        get_logger().error(why)
        return JSONResponse({"ready": False}, 503)
    lacking = _lacking(site)
    # A machine for development has no broker, and its pages work without.
    ready = not lacking or site.settings.env != "production"
    sources = {name: _said(newest.get(name)) for name in site.settings.sources}
    return JSONResponse({"ready": ready, "lacking": lacking, "sources": sources}, 200 if ready else 503)


def _lacking(site: Site) -> list[str]:
    """Name what else is needed for mails to go out, and is not there."""
    broker, disk = answers(site.settings.broker), disk_free(site.settings.database_url) >= LEAST_DISK
    return [name for name, there in (("broker", broker), ("disk", disk)) if not there]


def _said(last: CollectionRun | None) -> dict[str, object] | None:
    if last is None:
        return None
    return {
        "day": last.day.isoformat(),
        "outcome": last.outcome,
        "papers": last.papers,
        "collected_at": last.collected_at.isoformat(),
    }
