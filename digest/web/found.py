"""What search engines are told: which pages there are, and which are nobody's business."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from digest.links import Purpose
from digest.web.container import Site
from digest.web.rendering import PUBLIC, page

# What the format allows in one file is 50,000.
MOST_PAPERS = 20_000


def robots(request: Request) -> Response:
    """Keep robots from what costs most; the pages behind a mail's links are named nowhere and marked `noindex`."""
    site = Site.of(request)
    base = site.templates.globals["base"]
    closed = [*(f"/{purpose}/" for purpose in Purpose), "/preview", "/metrics"]
    lines = ["User-agent: *", *(f"Disallow: {base}{path}" for path in closed)]
    return PlainTextResponse(
        "\n".join([*lines, "", f"Sitemap: {site.settings.base_url}/sitemap.xml", ""]), headers=PUBLIC
    )


def privacy(request: Request) -> Response:
    """Say what is kept of readers, why, and for how long."""
    return page(request, "privacy", headers=PUBLIC)


def sitemap(request: Request) -> Response:
    """List the days and the newest papers."""
    site = Site.of(request)
    known = {"days": site.library.days(), "papers": site.library.everything(MOST_PAPERS)}
    text = site.templates.get_template("sitemap.xml").render(known)
    return Response(text, headers=PUBLIC, media_type="application/xml")
