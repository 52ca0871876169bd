"""The body of a POST, read for plain functions. Refuses files (see `uploads`), and more than our forms hold.

The event loop only takes the bytes in: to make words of them takes milliseconds, and is done where the work is.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_to_bytes

from anyio import CapacityLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.readers.form import NOTHING, Typed
from digest.text.pasted import MOST_TEXT
from digest.web.container import Site
from digest.web.pools import Pools
from digest.web.security import comes_from_elsewhere

# Far more than our longest form; nobody is read for longer.
MOST_BODY_BYTES = 64_000
MOST_FIELDS = 40
FORM = "application/x-www-form-urlencoded"
# Characters, before anything is made of them. Every other field is a word.
LONGEST = {"topics": 10_000, "email": 320, "add": 1_000, "remove": 1_000, "unmute": 1_000, "papers": MOST_TEXT + 1}
LONGEST_WORD = 100
# A character is four bytes of UTF-8 at most, and each of them `%F0`.
MOST_BYTES_A_CHARACTER = 12

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


def posted(
    act: Acting, *, heeded: bool = True, lane: Callable[[Pools], CapacityLimiter] = lambda pools: pools.vital
) -> Endpoint:
    """Let a plain function answer a POST, in a thread.

    A body that is not `heeded` is not read either, and may come from anywhere (RFC 8058, section 3.1).
    """

    @functools.wraps(act)
    async def read_and_answer(request: Request) -> Response:
        body = await read(request) if heeded else b""
        pools = Site.of(request).pools
        return await pools.run(lane(pools), lambda: act(request, filled_in(body)))

    return read_and_answer


def posted_dear(act: Acting) -> Endpoint:
    """The same, for what takes long."""

    @functools.wraps(act)
    async def read_and_answer(request: Request) -> Response:
        queue = Site.of(request).pools.dear
        # Who would find no place is not read.
        queue.room_for(request)
        body = await read(request)
        return await queue.run(request, lambda: act(request, filled_in(body)))

    return read_and_answer


def both(show: Endpoint, act: Endpoint) -> Endpoint:
    """Let one function answer a GET and another a POST, in one route: whoever tries more is told of both."""

    async def answer(request: Request) -> Response:
        return await (act(request) if request.method == "POST" else show(request))

    return answer


async def read(request: Request) -> bytes:
    """Take in a form that one of our own pages sent. Who posts no form has filled nothing in."""
    if comes_from_elsewhere(request.headers, Site.of(request).settings.base_url):
        raise HTTPException(403)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise HTTPException(413)
    return bytes(body) if kind(request.headers.get("content-type", "")) == FORM else b""


def kind(content_type: str) -> str:
    """Name the kind of a body, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def filled_in(body: bytes) -> Typed:
    """Make words of a form: each is cut before anything is made of it, and too many are none."""
    fields = body.split(b"&", MOST_FIELDS)
    return dict(map(_field, filter(None, fields))) if len(fields) <= MOST_FIELDS else NOTHING


def _field(written: bytes) -> tuple[str, str]:
    name, _, value = written.partition(b"=")
    known = _unquoted(name, LONGEST_WORD)
    return known, as_typed(_unquoted(value, longest(known)))


def longest(name: str) -> int:
    """Say how many characters of a field are read."""
    return LONGEST.get(name, LONGEST_WORD)


def _unquoted(written: bytes, most: int) -> str:
    spaced = written[: most * MOST_BYTES_A_CHARACTER].replace(b"+", b" ")
    return unquote_to_bytes(spaced).decode(errors="replace")[:most]


def as_typed(text: str) -> str:
    """Take what nobody can type out of a text."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace("\r", "")).strip()
