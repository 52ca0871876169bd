"""The endpoint: form, preview, archive and feed, the pages behind the links in a mail, probes and metrics.

What is a reader's own is behind a signed link alone.

Run it with `uvicorn digest.web:app`. Behind a proxy, let uvicorn believe its X-Forwarded-For and nobody else's
(`--forwarded-allow-ips`): the address of a visitor is what uvicorn says it is.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest import logs
from digest.bootstrap import Service
from digest.jobs.heartbeat import Heart
from digest.jobs.previews import Previews
from digest.jobs.views import DigestPages
from digest.logs import get_logger
from digest.readers.form import Typed
from digest.settings import BadSetting, Settings, load
from digest.store.engine import StoreUnready, connect, ready
from digest.web import address, archive, dev_mails, errors, health, metrics, preferences, subscribe, unsubscribe, view
from digest.web.forms import posted, shown
from digest.web.limits import PREVIEWS, SUBSCRIPTIONS, TO_ONE_ADDRESS, VisitorLimit
from digest.web.security import SecurityHeaders, mask_tokens
from digest.web.site import Site, asset, open_templates

# Far more than our longest form; nobody is read for longer.
MOST_BODY_BYTES = 64_000


def _both(path: str, show: Callable[[Request], Response], act: Callable[[Request, Typed], Response]) -> Route:
    """Route to a page and to what its button does."""
    return Route(path, shown(show, posted(act)), methods=["GET", "POST"])


ROUTES = [
    Route("/", subscribe.welcome),
    _both("/preview", subscribe.preview, subscribe.preview_typed),
    Route("/subscribe", posted(subscribe.subscribe), methods=["POST"]),
    _both("/confirm/{token}", subscribe.ask, subscribe.confirm),
    # One click ends it whatever comes with it (RFC 8058, section 3.1), so that is not read.
    Route(
        "/unsubscribe/{token}",
        shown(unsubscribe.ask, posted(unsubscribe.unsubscribe, heeded=False)),
        methods=["GET", "POST"],
        max_body_size=sys.maxsize,
    ),
    _both("/preferences/{token}", preferences.show, preferences.save),
    Route("/preferences/{token}/pause", posted(preferences.pause), methods=["POST"]),
    Route("/preferences/{token}/resume", posted(preferences.resume), methods=["POST"]),
    Route("/preferences/{token}/address", posted(preferences.move), methods=["POST"]),
    Route("/preferences/{token}/return", posted(unsubscribe.come_back), methods=["POST"]),
    Route("/preferences/{token}/export", preferences.export),
    _both("/preferences/{token}/delete", unsubscribe.ask_to_delete, unsubscribe.delete),
    _both("/address/{token}", address.ask, address.agree),
    Route("/address/{token}/decline", posted(address.decline), methods=["POST"]),
    Route("/digest/{token}", view.view),
    Route("/dev/mails", dev_mails.index),
    Route("/dev/mails/{name}.{form}", dev_mails.show),
    Route("/archive", archive.days),
    Route("/archive/{day}", archive.day),
    Route("/feed.atom", archive.feed),
    Route("/healthz", health.alive),
    Route("/readyz", health.ready),
    Route("/metrics", metrics.metrics),
    Route("/style.css", asset("style.css")),
    Route("/timezone.js", asset("timezone.js")),
    Route("/icon.svg", asset("icon.svg")),
]


def create_app(settings: Settings, engine: Engine | None = None) -> Starlette:
    """Make the endpoint. It starts without a database, and says so to visitors until there is one."""
    logging.getLogger("uvicorn.access").addFilter(mask_tokens)
    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers=errors.HANDLERS,
        lifespan=_lifespan,
        max_body_size=MOST_BODY_BYTES,
    )
    # Nobody is sent elsewhere: a link of ours is right, or it leads nowhere.
    app.router.redirect_slashes = False
    service = Service(settings, engine=engine)
    engine, links = service.database, service.links
    gates = (
        VisitorLimit(settings.broker_url, SUBSCRIPTIONS),
        VisitorLimit(settings.broker_url, PREVIEWS),
        VisitorLimit(settings.broker_url, TO_ONE_ADDRESS),
    )
    templates, composer = open_templates(settings, links), service.composer
    shown, pages = Previews(engine), DigestPages(engine, composer)
    app.state.service, app.state.heart = service, None
    app.state.site = Site(settings, engine, links, *gates, templates, composer, shown, pages)
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    engine = app.state.site.engine
    try:
        await run_in_threadpool(ready, engine)
    except StoreUnready as error:
        get_logger().error("database.away", why=str(error))
    with app.state.heart() if app.state.heart else nullcontext():
        yield
    engine.dispose()


def create() -> Starlette:
    """Make the endpoint from the environment, for `uvicorn --factory digest.web:create`; exit 2 where it cannot.

    It beats in the database, so that `digest doctor` and `/readyz` see it; uvicorn's log level is ours, too.
    """
    try:
        found = load()
        logs.configure(found.env == "production", logging.getLogger("uvicorn.error").getEffectiveLevel())
        app = create_app(found)
    except (BadSetting, StoreUnready) as error:
        sys.stderr.write(f"digest: {error}\n")
        raise SystemExit(2) from None
    app.state.heart = partial(Heart, "web", partial(connect, found.database_url))
    return app


def __getattr__(name: str) -> Starlette:
    """Make `app` for `uvicorn digest.web:app`, when it asks: a mere import needs no settings and opens nothing."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return create()
