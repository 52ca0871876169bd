"""What holds for every answer: headers that keep tokens and visitors safe, and an access log without tokens."""

from __future__ import annotations

import logging
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.links import Purpose

# The strictest is the default; what may be kept or found by search engines says so itself.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # An address here may be a key, so it goes to nobody.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
TOKEN = re.compile(rf"/({'|'.join(Purpose)})/[^/]+")


class SecurityHeaders:
    """Puts HEADERS on every answer that does not have its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely)


def mask_tokens(record: logging.LogRecord) -> bool:
    """Write uvicorn's line of a request without its token, and without its query: what one looks for is private."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, *rest = record.args
        record.args = (client, method, TOKEN.sub(r"/\1/...", str(path).partition("?")[0]), *rest)
    return True
