"""Whose link it is: from the token in an address to the reader or the mail. Refuses to say what is wrong with one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.domain import Delivery, Reader
from digest.links import Purpose
from digest.store import ledger, readers
from digest.web.container import Site


def reader_behind(request: Request, purpose: Purpose) -> Reader:
    """Find whose link this is. Whatever is wrong with it, the answer is the same 404."""
    site = Site.of(request)
    reader_id = site.links.read(purpose, request.path_params["token"], site.now())
    return still_there(None if reader_id is None else readers.find(site.engine, reader_id))


def delivery_behind(request: Request, purpose: Purpose) -> Delivery:
    """Find the mail that a link is about; the same 404, too."""
    site = Site.of(request)
    number = site.links.read(purpose, request.path_params["token"], site.now())
    delivery = None if number is None else ledger.find(site.engine, number)
    if delivery is None:
        raise HTTPException(404)
    return delivery


def still_there(reader: Reader | None) -> Reader:
    if reader is None:
        raise HTTPException(404)
    return reader
