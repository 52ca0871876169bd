"""Whose link it is: from the token in an address to the reader or the mail. Refuses to say what is wrong with one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.domain import Delivery, Reader
from digest.links import Purpose
from digest.readers import access
from digest.web.container import Site


def reader_behind(request: Request, purpose: Purpose) -> Reader:
    """Find whose link this is. Whatever is wrong with it, the answer is the same 404."""
    site = Site.of(request)
    token = request.path_params["token"]
    return still_there(access.reader_behind(site.engine, site.links, purpose, token, site.now()))


def is_own(request: Request, purpose: Purpose) -> bool:
    """Whether the link is of the reader's present address, to which more may be shown than to an older one."""
    site = Site.of(request)
    return access.opens(site.engine, site.links, purpose, request.path_params["token"], site.now())


def owner_behind(request: Request, purpose: Purpose) -> Reader:
    """Find whose link this is, if it is of their present address; the same 404 otherwise."""
    if not is_own(request, purpose):
        raise HTTPException(404)
    return reader_behind(request, purpose)


def delivery_behind(request: Request, purpose: Purpose) -> Delivery:
    """Find the mail that a link is about; the same 404, too, but for one of theirs that is no longer kept."""
    site = Site.of(request)
    token = request.path_params["token"]
    delivery = access.delivery_behind(site.engine, site.links, purpose, token, site.now())
    if delivery is None:
        too_old = access.is_too_old(site.engine, site.links, purpose, token, site.now())
        raise HTTPException(410 if too_old else 404)
    return delivery


def still_there(reader: Reader | None) -> Reader:
    if reader is None:
        raise HTTPException(404)
    return reader
