"""What holds for every answer and every log line: strict headers, no keys in a log, no forms sent from other sites."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.logs import redact

# The strictest is the default; what may be kept or found by search engines says so itself.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        # An address here may be a key, so it goes to nobody.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
)
# A browser that came by https comes by https for a year (RFC 6797).
HSTS = "max-age=31536000"
# What a browser says of a form on our own page, and of one that the visitor opened themselves.
OURS = ("same-origin", "none")


def headers(base_url: str) -> Mapping[str, str]:
    """The headers of every answer of a service that lives at this address."""
    secure = urlsplit(base_url).scheme == "https"
    return {**HEADERS, "Strict-Transport-Security": HSTS} if secure else HEADERS


class SecurityHeaders:
    """Puts headers on every answer that does not have its own."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app, self.headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    own.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely)


def comes_from_elsewhere(sent: Headers, base_url: str) -> bool:
    """Tell whether a browser says that another site's page sent this form.

    Our own pages ask for no referrer, for which browsers write `Origin: null`: that says nothing. Programs and old
    browsers say nothing either. Another host of the same domain is another site; what is no origin is not ours.
    """
    if site := sent.get("sec-fetch-site"):
        return site not in OURS
    origin = sent.get("origin", "null")
    if origin == "null":
        return False
    ours = {urlsplit(base_url).netloc, sent.get("host", "")}
    try:
        return urlsplit(origin).netloc not in ours
    except ValueError:
        return True


def mask_tokens(record: logging.LogRecord) -> bool:
    """Write a line of a log without keys, and uvicorn's of a request without its query: topics are private."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, *rest = record.args
        record.args = (client, method, redact(str(path).partition("?")[0]), *rest)
    elif isinstance(record.args, tuple):
        record.args = tuple(redact(arg) if isinstance(arg, str) else arg for arg in record.args)
    if isinstance(record.msg, str):
        record.msg = redact(record.msg)
    return True
