"""The ways to answer: a page made from a template, for one visitor or for everybody. Knows no page in particular."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parseaddr
from math import ceil
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from digest.compose import marking, wording
from digest.compose.mime import printable
from digest.jobs.giving_up import COUNTS_FOR
from digest.links import CONFIRM_WITHIN, Links
from digest.readers import another, form
from digest.settings import Settings
from digest.web import listing
from digest.web.assets import FOLDER, Assets
from digest.web.container import Limits, Site
from digest.web.forms import LONGEST, MOST_FIELDS, Endpoint, Plain, as_typed
from digest.web.limits import VisitorLimit
from digest.web.memory import Made, key_of, own_path
from digest.web.pools import Pools, Queue

# What is everybody's may be kept a while, and found.
PUBLIC = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}
# The same for what is one of endlessly many, such as a search: kept, but no search engine needs it.
OPEN = {"Cache-Control": "public, max-age=300"}
# A picture hardly changes, and who shows it elsewhere keeps a copy of their own.
PICTURE = {"Cache-Control": "public, max-age=86400", "X-Robots-Tag": "all"}

# A hundred long topics. A proxy allows 8 kB, as a rule.
MOST_QUERY_BYTES = 16_000


def page(
    request: Request, template: str, /, status: int = 200, headers: Mapping[str, str] | None = None, **known: object
) -> Response:
    """Answer with `templates/web/TEMPLATE.html`."""
    site = Site.of(request)
    return HTMLResponse(site.templates.get_template(f"{template}.html").render(known), status, headers)


def fixed(request: Request, template: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a page that says the same to everybody: it is rendered once."""
    site = Site.of(request)
    if template not in site.rendered:
        site.rendered[template] = site.templates.get_template(f"{template}.html").render()
    return HTMLResponse(site.rendered[template], status, headers)


def public(
    make: Plain,
    *,
    asks: tuple[str, ...] = (),
    queue: Callable[[Pools], Queue] | None = None,
    limit: Callable[[Limits], VisitorLimit] | None = None,
) -> Endpoint:
    """Let a plain function make an answer for everybody, once until the next collection.

    What is dear waits in a `queue`, once the visit is counted against a `limit`: who has had enough is in nobody's way.
    Of a query only what the page `asks` for counts. Who comes while it is being made waits for the same one, unless
    that ends as somebody's own: they had asked too often, or hung up.
    """
    being_made: dict[str, asyncio.Task[Response]] = {}

    @functools.wraps(make)
    async def answer(request: Request) -> Response:
        site = Site.of(request)
        key = _key(request, asks)
        await site.memory.refresh()
        if (task := being_made.get(key)) and (shared := await _shared(task)):
            return shared
        if made := site.memory.find(key):
            return _Remembered(made)
        being_made[key] = task = asyncio.create_task(_make(request, make, key, queue, limit))
        try:
            return await asyncio.shield(task)
        finally:
            being_made.pop(key, None)

    return answer


async def _shared(task: asyncio.Task[Response]) -> Response | None:
    """What is being made for somebody else, if it turns out to be for everybody."""
    await asyncio.wait({task})
    if task.cancelled() or task.exception():
        return None
    made = task.result()
    return made if isinstance(made, _Remembered) else None


async def _make(
    request: Request,
    make: Plain,
    key: str,
    queue: Callable[[Pools], Queue] | None,
    limit: Callable[[Limits], VisitorLimit] | None,
) -> Response:
    site = Site.of(request)
    version, pools = site.memory.version, site.pools
    if limit and (too_many := await pools.run(pools.ordinary, busy, request, limit(site.limits))):
        return too_many
    work = functools.partial(_finished, make, request)
    made = await (queue(pools).run(request, work) if queue else pools.run(pools.ordinary, work))
    if not isinstance(made, Made):
        return made
    site.memory.keep(key, made, version)
    return _Remembered(made)


def _finished(make: Plain, request: Request) -> Response | Made:
    """Make an answer and pack it; one that is no success is for this visitor alone."""
    site, response = Site.of(request), make(request)
    if response.status_code != 200 or "cache-control" not in response.headers:
        return response
    headers = {"Content-Type": response.headers["content-type"], **site.headers}
    own = {name: response.headers[name] for name in ("Cache-Control", "X-Robots-Tag") if name in response.headers}
    version = site.memory.version
    return Made(bytes(response.body), headers | own, version and version[1])


class _Remembered(Response):
    """A response whose bytes are there already."""

    def __init__(self, made: Made) -> None:
        super().__init__()
        self.made = made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.made(scope, receive, send)


def _key(request: Request, asks: tuple[str, ...]) -> str:
    """What an answer is remembered by. What nobody types is refused before the event loop takes it apart."""
    query = request.scope["query_string"]
    if len(query) > MOST_QUERY_BYTES or query.count(b"&") >= MOST_FIELDS:
        raise HTTPException(414)
    asked = [(name, request.query_params[name]) for name in asks if name in request.query_params]
    return key_of(own_path(request.scope), urlencode(asked))


def busy(request: Request, limit: VisitorLimit) -> Response | None:
    """Count a visit, and answer when there were too many from this network."""
    wait = limit.wait(request.client and request.client.host)
    return page(request, "busy", 429, {"Retry-After": str(wait)}, minutes=ceil(wait / 60)) if wait else None


def limited(endpoint: Endpoint) -> Endpoint:
    """Count a visit before it takes a place among what is dear: who has had enough never waits in the others' way."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Response:
        site = Site.of(request)
        too_many = await site.pools.run(site.pools.ordinary, busy, request, site.limits.preview)
        return too_many or await endpoint(request)

    return answer


def asked_topics(request: Request, name: str = "topics") -> str:
    """Read the topics in the address, as one would have typed them."""
    return as_typed(request.query_params.get(name, "")[: LONGEST["topics"]])


def open_templates(settings: Settings, links: Links, assets: Assets) -> Environment:
    """Open the pages: everything escaped, and loud about a name that is not there."""
    pages = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html", "atom", "xml"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    base = path(settings.base_url)
    pages.globals |= {
        "home": settings.base_url,
        # Where the service lives under its host, as in https://lab.example/digest.
        "base": base,
        "asset": lambda name: base + assets.paths[name],
        "sender": parseaddr(settings.mail_from)[1],
        "postal_address": settings.postal_address,
        "link_days": CONFIRM_WITHIN.days,
        "links": links,
        "most_papers": form.MOST_PAPERS,
        "most_digests": another.MOST_DIGESTS,
    }
    pages.globals |= {name: days for name, days in settings if name.startswith("keep_")}
    pages.globals["keep_bounces_days"] = COUNTS_FOR.days
    pages.filters |= listing.FILTERS | {
        "city": city,
        "moment": moment,
        "day_in": day_in,
        "path": path,
        "half_hidden": half_hidden,
        "because": wording.because,
        "excerpt": marking.excerpt,
        "marked_title": marking.title,
        "paper_page": wording.page,
        "number": wording.number,
        "full_stop": wording.full_stop,
        "printable": printable,
    }
    return pages


def path(url: str) -> str:
    """Take the host off an address of ours: a visitor stays on the one they came by."""
    return urlsplit(url).path


def city(timezone: str) -> str:
    """Write `America/Argentina/Buenos_Aires` as people say it."""
    return " / ".join(timezone.split("/")[1:] or [timezone]).replace("_", " ")


def _zone(name: str) -> ZoneInfo:
    """The reader's zone; UTC where this machine does not know it, so that their page opens and they can choose anew."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment(when: datetime, timezone: str) -> str:
    """Write a moment as `Thursday, December 25 at 07:00`, in the reader's zone."""
    local = when.astimezone(_zone(timezone))
    return f"{local:%A}, {local:%B} {local.day} at {local:%H:%M}"


def day_in(when: datetime, timezone: str) -> str:
    """Write the day of a moment as `Thursday, December 25`, in the reader's zone."""
    local = when.astimezone(_zone(timezone))
    return f"{local:%A}, {local:%B} {local.day}"


def half_hidden(email: str) -> str:
    """Write an address so that only its owner knows it: `a•••@example.org`."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}•••@{domain}"
