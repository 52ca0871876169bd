"""What a visitor reads when something is wrong: one plain page each. Refuses to tell them anything of the inside."""

from __future__ import annotations

from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from digest.logs import get_logger
from digest.store.engine import unreachable
from digest.web.container import Site
from digest.web.pools import Busy
from digest.web.rendering import fixed

RETRY_AFTER_SECONDS = 60
PAGES = {404: "missing", 410: "too_old", 403: "elsewhere", 405: "button", 413: "too_long", 414: "too_long"}


def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    name = "full" if isinstance(error, Busy) else PAGES.get(error.status_code, "refused")
    return fixed(request, name, error.status_code, error.headers)


def away(request: Request, error: Exception) -> Response:
    get_logger().error(unreachable(Site.of(request).engine.url, error))
    return fixed(request, "away", 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def unknown(request: Request, error: Exception) -> Response:
    """Answer who asks for what no database can hold, as a NUL in a name: there is none of that."""
    get_logger().warning("request.unanswerable", why=type(error).__name__)
    return fixed(request, PAGES[404], 404)


def gone(_request: Request, _error: Exception) -> Response:
    """Answer whoever hung up before we had read them: nobody reads it, and it is no error of ours."""
    return Response(status_code=400)


def broken(request: Request, _error: Exception) -> Response:
    # Answered outside of all middleware; uvicorn logs the error itself.
    return fixed(request, "broken", 500, Site.of(request).headers)


HANDLERS = {
    HTTPException: refused,
    DataError: unknown,
    OperationalError: away,
    NoConnectionFree: away,
    ClientDisconnect: gone,
    Exception: broken,
}
