"""What every endpoint has at hand, and the ways to answer: a page, a file. Refuses to know what any page is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from math import ceil
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from digest import paths
from digest.compose import Composer, marking, wording
from digest.compose.mime import printable
from digest.domain import Delivery, Reader
from digest.jobs.previews import Previews
from digest.jobs.views import DigestPages
from digest.links import CONFIRM_WITHIN, Links, Purpose
from digest.readers import access, form
from digest.settings import Settings
from digest.web.forms import as_typed
from digest.web.limits import VisitorLimit

LONGEST_TOPICS = 10_000  # characters, as the form's field has
# What is everybody's may be kept a while, and found.
PUBLIC = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}
FOLDER = paths.templates() / "web"


@dataclass(frozen=True, slots=True)
class Site:
    """The service as the endpoint sees it."""

    settings: Settings
    engine: Engine
    links: Links
    subscribe_limit: VisitorLimit
    preview_limit: VisitorLimit
    address_limit: VisitorLimit
    templates: Environment
    composer: Composer
    shown: Previews
    pages: DigestPages

    @classmethod
    def of(cls, request: Request) -> Site:
        site = request.app.state.site
        assert isinstance(site, cls)
        return site

    def now(self) -> datetime:
        return self.settings.clock()


def page(
    request: Request, name: str, status: int = 200, headers: Mapping[str, str] | None = None, **known: object
) -> Response:
    """Answer with `templates/web/NAME.html`."""
    template = Site.of(request).templates.get_template(f"{name}.html")
    return HTMLResponse(template.render(known), status, headers)


def busy(request: Request, subscribe_limit: VisitorLimit) -> Response | None:
    """Count a visit, and answer when there were too many from this network."""
    wait = subscribe_limit.wait(request.client and request.client.host)
    return page(request, "busy", 429, {"Retry-After": str(wait)}, minutes=ceil(wait / 60)) if wait else None


def asked_topics(request: Request) -> str:
    """Read the topics in the address, as one would have typed them."""
    return as_typed(request.query_params.get("topics", "")[:LONGEST_TOPICS].replace("\r", ""))


def asset(name: str) -> Callable[[Request], Response]:
    """Make the endpoint of a file in `templates/web`, which a browser may keep for an hour."""
    return lambda _request: FileResponse(FOLDER / name, headers={"Cache-Control": "public, max-age=3600"})


def reader_behind(request: Request, purpose: Purpose) -> Reader:
    """Find whose link this is. Whatever is wrong with it, the answer is the same 404."""
    site = Site.of(request)
    token = request.path_params["token"]
    return still_there(access.reader_behind(site.engine, site.links, purpose, token, site.now()))


def delivery_behind(request: Request, purpose: Purpose) -> Delivery:
    """Find the mail that a link is about; the same 404, too."""
    site = Site.of(request)
    token = request.path_params["token"]
    delivery = access.delivery_behind(site.engine, site.links, purpose, token, site.now())
    if delivery is None:
        raise HTTPException(404)
    return delivery


def still_there(reader: Reader | None) -> Reader:
    if reader is None:
        raise HTTPException(404)
    return reader


def open_templates(settings: Settings, links: Links) -> Environment:
    """Open the pages: everything escaped, and loud about a name that is not there."""
    pages = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html", "atom"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    pages.globals |= {
        "home": settings.base_url,
        # Where the service lives under its host, as in https://lab.example/digest.
        "base": path(settings.base_url),
        "sender": parseaddr(settings.mail_from)[1],
        "postal_address": settings.postal_address,
        "link_days": CONFIRM_WITHIN.days,
        "links": links,
        "zones": form.zones_by_region(),
        "most_papers": form.MOST_PAPERS,
    }
    pages.filters |= {"city": city, "moment": moment, "path": path}
    pages.filters |= {
        "because": wording.because,
        "byline": wording.byline,
        "excerpt": marking.excerpt,
        "facts": wording.facts,
        "marked_title": marking.title,
        "paper_page": wording.page,
        "printable": printable,
    }
    return pages


def path(url: str) -> str:
    """Take the host off an address of ours: a visitor stays on the one they came by."""
    return urlsplit(url).path


def city(timezone: str) -> str:
    """Write `America/Argentina/Buenos_Aires` as people say it."""
    return " / ".join(timezone.split("/")[1:] or [timezone]).replace("_", " ")


def moment(when: datetime, timezone: str) -> str:
    """Write a moment as `Thursday 25 December at 07:00`, in the reader's zone."""
    local = when.astimezone(ZoneInfo(timezone))
    return f"{local:%A} {local.day} {local:%B} at {local:%H:%M}"
