"""Every mail with invented data, for whoever works on them. Refuses to exist in production."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from digest.compose import opened
from digest.domain import Mail
from digest.sample import mails
from digest.web.container import Site
from digest.web.rendering import page
from digest.web.view import AS_IN_A_MAIL


def index(request: Request) -> Response:
    """List the mails: what each is called, its subject and its size."""
    shown = {name: (opened(mail.content), len(mail.content)) for name, mail in _mails(request).items()}
    return page(request, "mails", mails=shown)


def show(request: Request) -> Response:
    """Show one mail as HTML, as text, or raw."""
    name, form = request.path_params["name"], request.path_params["form"]
    mail = _mails(request).get(name)
    if mail is None or form not in ("html", "txt", "eml"):
        raise HTTPException(404)
    if form == "html":
        return HTMLResponse(opened(mail.content).html, headers=AS_IN_A_MAIL)
    return PlainTextResponse(opened(mail.content).text if form == "txt" else mail.content)


def _mails(request: Request) -> dict[str, Mail]:
    site = Site.of(request)
    if site.settings.env == "production":
        raise HTTPException(404)
    return mails.compose(site.composer, site.now())
