"""Requests without a network: an ASGI application is asked as a server would ask it, one at a time or in a crowd."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FORM = b"application/x-www-form-urlencoded"


class Answer(NamedTuple):
    status: int
    body: bytes
    seconds: float


async def ask(app: Any, path: str, form: bytes | None = None, host: str = "192.0.2.1") -> Answer:  # noqa: ANN401
    """Send one request, a POST if it has a form; the time is that until the answer is whole."""
    path, _, query = path.partition("?")
    headers = [(b"host", b"papers.example.org"), (b"accept-encoding", b"gzip"), (b"content-type", FORM)]
    scope = {
        "type": "http",
        "method": "GET" if form is None else "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "https",
        "query_string": query.encode(),
        "headers": headers,
        "client": (host, 1),
        "server": None,
        "http_version": "1.1",
    }
    asked = asyncio.Event()
    messages: list[dict[str, Any]] = []
    started, ended = perf_counter(), [0.0]

    async def receive() -> dict[str, object]:
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": form or b"", "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)
        ended[0] = perf_counter()

    await app(scope, receive, send)
    return Answer(messages[0]["status"], b"".join(one.get("body", b"") for one in messages[1:]), ended[0] - started)


def bare(body: bytes) -> Starlette:
    """The least that Starlette does to give these bytes."""

    async def give(_request: Request) -> Response:
        return Response(body, headers={"Content-Encoding": "gzip"}, media_type="text/html")

    return Starlette(routes=[Route("/", give)])


async def a_second(app: Any, path: str, seconds: float) -> float:  # noqa: ANN401
    """Ask for one page again and again; return how often a second."""
    await ask(app, path)
    started, asked = perf_counter(), 0
    while perf_counter() - started < seconds:
        for _ in range(50):
            await ask(app, path)
        asked += 50
    return asked / (perf_counter() - started)


def percentile(times: Sequence[float], share: float) -> float:
    """In milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000
