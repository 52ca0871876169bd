"""The body of a POST, read for plain functions. Refuses none, however odd; the limit on its size is `safety`'s."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.readers.form import NOTHING, Typed

MOST_FIELDS = 20


Endpoint = Callable[[Request], Awaitable[Response]]


def posted(endpoint: Callable[[Request, Typed], Response], *, heeded: bool = True) -> Endpoint:
    """Let a plain function answer a POST: the body is read here, and the function runs in a thread.

    A body that is not `heeded` is not read either.
    """

    @functools.wraps(endpoint)
    async def read_and_answer(request: Request) -> Response:
        return await run_in_threadpool(endpoint, request, await _read(request) if heeded else NOTHING)

    return read_and_answer


def shown(show: Callable[[Request], Response], acting: Endpoint) -> Endpoint:
    """Let one function answer a GET and another a POST, in one route: whoever tries more is told of both."""

    async def answer(request: Request) -> Response:
        return await (acting(request) if request.method == "POST" else run_in_threadpool(show, request))

    return answer


async def _read(request: Request) -> Typed:
    # First as a whole, so that a body over the limit is refused before anything is made of it.
    await request.body()
    try:
        fields = await request.form(max_files=0, max_fields=MOST_FIELDS)
    except (HTTPException, ValueError):
        return NOTHING  # Who posts no form has filled nothing in.
    return {name: as_typed(value) for name, value in fields.items() if isinstance(value, str)}


def as_typed(text: str) -> str:
    """Take what nobody can type out of a text."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
