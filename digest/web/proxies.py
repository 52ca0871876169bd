"""Who a visitor is when a proxy stands between: believed is what a named proxy says, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.web.limits import Network, is_in

# What only a proxy adds. A direct visitor who adds it too gains nothing by it.
TRACES = ("x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host", "x-forwarded-proto")


class NamedProxies:
    """Takes a visitor's address from X-Forwarded-For, when the connection comes from a proxy of the operator's."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self.app, self.proxies = app, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.proxies and scope["type"] == "http" and scope.get("client"):
            scope["client"] = (self._visitor(scope["client"][0], Headers(scope=scope)), 0)
        await self.app(scope, receive, send)

    def _visitor(self, host: str, headers: Headers) -> str:
        """Walk back along the proxies to the first address that is none of them."""
        named = [part.strip() for part in ",".join(headers.getlist("x-forwarded-for")).split(",") if part.strip()]
        while named and any(is_in(host, proxy) for proxy in self.proxies):
            host = named.pop()
        return host


def is_direct(headers: Headers) -> bool:
    """Tell whether no proxy left a trace on a request."""
    return not any(name in headers for name in TRACES)
