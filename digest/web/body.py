"""The body of a POST, read for plain functions. Refuses none, however odd; the limit on its size is `safety`'s."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.form import NOTHING, Typed

MOST_FIELDS = 20


def posted(endpoint: Callable[[Request, Typed], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Let a plain function answer a POST: the body is read here, and the function runs in a thread."""

    @functools.wraps(endpoint)
    async def read_and_answer(request: Request) -> Response:
        return await run_in_threadpool(endpoint, request, await _read(request))

    return read_and_answer


async def _read(request: Request) -> Typed:
    # First as a whole, so that a body over the limit is refused before anything is made of it.
    await request.body()
    try:
        fields = await request.form(max_files=0, max_fields=MOST_FIELDS)
    except (HTTPException, ValueError):
        return NOTHING  # Who posts no form has filled nothing in. One-click unsubscribing must work even so.
    return {name: as_typed(value) for name, value in fields.items() if isinstance(value, str)}


def as_typed(text: str) -> str:
    """Take what nobody can type out of a text."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
