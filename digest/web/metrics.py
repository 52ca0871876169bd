"""How the service does, for Prometheus. Counted in the database at each look, so that no process counts for itself.

Open to this machine alone, and to whoever has the token of the settings.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Outcome
from digest.settings import Settings
from digest.store import collections, day_counts, readers
from digest.web.container import Site
from digest.web.proxies import is_direct
from digest.web.signals import Signals


def metrics(request: Request) -> Response:
    if not _may_see(request):
        raise HTTPException(404)
    site = Site.of(request)
    return Response(scraped(site.engine, site.settings), headers={"Content-Type": CONTENT_TYPE_LATEST})


def scraped(engine: Engine, settings: Settings) -> bytes:
    """Write all figures as Prometheus reads them."""
    registry = CollectorRegistry()
    # The first have the names of old, for who looks at them; the others are what `deploy/` asks for.
    registry.register(_Counts(engine))
    registry.register(Signals(engine, settings))
    return generate_latest(registry)


def _may_see(request: Request) -> bool:
    """Tell this machine's own tools from what a proxy on it passes on, which is anybody's."""
    if token := Site.of(request).settings.metrics_token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode())
    try:
        local = ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
    return local and is_direct(request.headers)


class _Counts(Collector):
    """What the database knows of readers, deliveries and collections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield _gauge("digest_readers", "Readers by status.", "status", readers.counts(self._engine))
        yield _gauge("digest_deliveries", "Deliveries by state.", "state", day_counts.by_state(self._engine))
        newest = {look.source: look for look in collections.newest(self._engine)}
        moments = {name: look.collected_at.timestamp() for name, look in newest.items()}
        found = {name: look.papers for name, look in newest.items()}
        trusted = {name: look.outcome is Outcome.OK for name, look in newest.items()}
        yield _gauge("digest_collected_at_seconds", "When a source was last collected (Unix time).", "source", moments)
        yield _gauge("digest_collected_papers", "Papers that the last collection found.", "source", found)
        yield _gauge("digest_collection_trusted", "1 if the last collection is believed.", "source", trusted)


def _gauge(name: str, said: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, said, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge
