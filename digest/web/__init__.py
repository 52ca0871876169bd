"""The endpoint: today's papers, search, archive and feeds, the form, the pages behind a mail's links, probes, metrics.

What is a reader's own is behind a signed link alone.

Run it with `uvicorn --no-proxy-headers digest.web:app`. Behind a proxy, name it in `DIGEST_PROXIES`: the address of a
visitor is what it says it is; nobody else is believed.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, time
from functools import partial
from ipaddress import ip_network

from anyio import to_thread
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from digest import logs
from digest.bootstrap import Service
from digest.jobs.heartbeat import Heart
from digest.jobs.library import Library
from digest.jobs.previews import Previews
from digest.jobs.searches import Searches
from digest.jobs.views import DigestPages
from digest.logs import get_logger
from digest.settings import BadSetting, Settings, load
from digest.store.engine import StoreUnready, connect, ready
from digest.store.search import catch_up
from digest.web import errors, limits, security
from digest.web.assets import Assets
from digest.web.container import Limits, Site
from digest.web.limits import AddressLimit, VisitorLimit
from digest.web.memory import FromMemory, Memory, Version
from digest.web.pools import ORDINARY_AT_ONCE, Pools
from digest.web.proofs import Proofs
from digest.web.proxies import NamedProxies
from digest.web.rendering import open_templates
from digest.web.routes import ROUTES

# How long a thread may keep the interpreter while another wants it. Leaving takes some twenty turns, and the event loop
# one for each chunk that arrives, all behind whoever ranks papers just then: with Python's own 5 ms they took two or
# three times as long in a flood. To change hands so often costs those who compute some 3 in 100.
SECONDS_A_TURN = 0.0002


def create_app(settings: Settings, engine: Engine | None = None) -> Starlette:
    """Make the endpoint. It starts without a database, and says so to visitors until there is one."""
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addFilter(security.mask_tokens)
    service = Service(settings, engine=engine)
    site = _site(service)
    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(FromMemory, site.memory),
            Middleware(NamedProxies, [ip_network(name, strict=False) for name in settings.proxies]),
            Middleware(security.SecurityHeaders, site.headers),
        ],
        exception_handlers=errors.HANDLERS,
        lifespan=_lifespan,
    )
    # Nobody is sent elsewhere: a link of ours is right, or it leads nowhere.
    app.router.redirect_slashes = False
    app.state.service, app.state.heart, app.state.site = service, None, site
    return app


def _site(service: Service) -> Site:
    settings, engine, links, composer = service.settings, service.database, service.links, service.composer
    library = Library(engine)
    headers = security.headers(settings.base_url)
    assets = Assets(headers)
    memory = Memory(_version(library, settings.clock))
    memory.files = assets.made
    return Site(
        settings,
        engine,
        links,
        _limits(settings),
        headers,
        open_templates(settings, links, assets),
        composer,
        library,
        Previews(engine),
        Searches(engine),
        DigestPages(engine, composer),
        memory,
        Pools(),
        Proofs(settings.broker),
    )


def _limits(settings: Settings) -> Limits:
    broker, trusted = settings.broker, [ip_network(name, strict=False) for name in settings.trusted_networks]
    return Limits(
        VisitorLimit(broker, limits.SUBSCRIPTIONS, "subscribe", trusted),
        VisitorLimit(broker, limits.PREVIEWS, "preview", trusted),
        VisitorLimit(broker, limits.FEEDS, "feed", trusted),
        AddressLimit(broker, limits.TO_ONE_ADDRESS, settings.secret_key[0]),
    )


def _version(library: Library, clock: Callable[[], datetime]) -> Callable[[], Version]:
    """What public pages depend on: the last collection, and which day it is."""

    def look() -> Version:
        number, collected_at = library.version()
        today = clock().date()
        midnight = datetime.combine(today, time(), UTC)
        return number, max(collected_at or midnight, midnight), today

    return look


def warm(site: Site) -> None:
    """Make what stays, and let Python's garbage collector look past it: to go through it takes a tenth of a second.

    Each time, for whoever is asking just then. What is frozen is freed as ever once nothing refers to it.
    """
    site.previews.warm()
    gc.collect()
    gc.freeze()


def take_turns() -> None:
    """Let threads share the interpreter in short turns, and few of them answer who is refused.

    Starlette gives the pages of errors to threads by itself. To give them from the event loop would be quicker, and so
    would be the floods that ask for them: with 50 connections `/healthz` took 0.13 s, not 0.03.
    """
    sys.setswitchinterval(SECONDS_A_TURN)
    to_thread.current_default_thread_limiter().total_tokens = ORDINARY_AT_ONCE


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    engine = app.state.site.engine
    take_turns()
    try:
        await run_in_threadpool(ready, engine)
        app.state.site.pools.begin(partial(warm, app.state.site))
        # What an older version stored, it did not make searchable.
        app.state.site.pools.begin(partial(catch_up, engine))
    except StoreUnready as error:
        get_logger().error("database.away", why=str(error))
    with app.state.heart() if app.state.heart else nullcontext():
        yield
    app.state.site.pools.close()
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
