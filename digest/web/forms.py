"""The body of a POST, read for plain functions. Refuses files (see `uploads`), and more than our forms hold."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.readers.form import NOTHING, Typed
from digest.text.pasted import MOST_TEXT
from digest.web.container import Site
from digest.web.security import comes_from_elsewhere

# Far more than our longest form; nobody is read for longer.
MOST_BODY_BYTES = 64_000
MOST_FIELDS = 40
FORM = "application/x-www-form-urlencoded"
# Characters, before anything is made of them. Every other field is a word.
LONGEST = {"topics": 10_000, "email": 320, "add": 1_000, "remove": 1_000, "unmute": 1_000, "papers": MOST_TEXT + 1}
LONGEST_WORD = 100

Endpoint = Callable[[Request], Awaitable[Response]]
Plain = Callable[[Request], Response]
Acting = Callable[[Request, Typed], Response]


def shown(show: Plain) -> Endpoint:
    """Let a plain function answer a GET."""

    @functools.wraps(show)
    async def answer(request: Request) -> Response:
        pools = Site.of(request).pools
        return await pools.run(pools.ordinary, show, request)

    return answer


def vital(show: Plain) -> Endpoint:
    """The same, for what must get through whatever else goes on."""

    @functools.wraps(show)
    async def answer(request: Request) -> Response:
        pools = Site.of(request).pools
        return await pools.run(pools.vital, show, request)

    return answer


def dear(show: Plain) -> Endpoint:
    """The same, for what takes long."""

    @functools.wraps(show)
    async def answer(request: Request) -> Response:
        return await Site.of(request).pools.dear.run(request, show, request)

    return answer


def posted(act: Acting, *, heeded: bool = True) -> Endpoint:
    """Let a plain function answer a POST: the body is read here, and the function runs in a thread.

    A body that is not `heeded` is not read either, and may come from anywhere (RFC 8058, section 3.1).
    """

    @functools.wraps(act)
    async def read_and_answer(request: Request) -> Response:
        filled = await read(request) if heeded else NOTHING
        pools = Site.of(request).pools
        return await pools.run(pools.vital, act, request, filled)

    return read_and_answer


def posted_dear(act: Acting) -> Endpoint:
    """The same, for what takes long."""

    @functools.wraps(act)
    async def read_and_answer(request: Request) -> Response:
        return await Site.of(request).pools.dear.run(request, act, request, await read(request))

    return read_and_answer


def both(show: Endpoint, act: Endpoint) -> Endpoint:
    """Let one function answer a GET and another a POST, in one route: whoever tries more is told of both."""

    async def answer(request: Request) -> Response:
        return await (act(request) if request.method == "POST" else show(request))

    return answer


async def read(request: Request) -> Typed:
    """Read a form that one of our own pages sent. Who posts no form has filled nothing in."""
    if comes_from_elsewhere(request.headers, Site.of(request).settings.base_url):
        raise HTTPException(403)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise HTTPException(413)
    return filled_in(bytes(body), request.headers.get("content-type", ""))


def filled_in(body: bytes, content_type: str) -> Typed:
    """Read what somebody filled in; nothing of what is no form. Pure."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        return NOTHING
    try:
        pairs = parse_qsl(
            body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace"
        )
    except ValueError:
        return NOTHING
    return {name: as_typed(value[: longest(name)]) for name, value in pairs}


def longest(name: str) -> int:
    """Say how many characters of a field are read."""
    return LONGEST.get(name, LONGEST_WORD)


def as_typed(text: str) -> str:
    """Take what nobody can type out of a text."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace("\r", "")).strip()
