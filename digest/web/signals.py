"""The figures that the alerts and the dashboard in `deploy/` ask for. Read from the database, for all processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from digest import __version__
from digest.jobs.routing import LONGEST_RELAY_REST
from digest.settings import Settings
from digest.store import breakers, collections, day_counts, gauges, heartbeats, readers, space

OF = "paper_digest_"
# By the values of its labels.
Labelled = Mapping[Any, float]


class Signals(Collector):
    """What the database knows, at one moment."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings

    def collect(self) -> Iterable[Metric]:
        yield _gauge("build_info", "1, of this version.", ("version",), {(__version__,): 1})
        yield from self._mails()
        yield from self._rests()
        yield from self._collections()
        yield from self._processes()

    def _mails(self) -> Iterator[Metric]:
        engine, now = self._engine, self._settings.clock()
        statuses = {(status,): float(count) for status, count in readers.counts(engine).items()}
        yield _gauge("readers", "Readers by status.", ("status",), statuses)
        oldest = day_counts.oldest_due(engine, now)
        waits = (now - oldest).total_seconds() if oldest else 0.0
        yield _gauge("oldest_due_seconds", "For how long the oldest mail is due and untried.", (), {(): waits})
        sent = {(state, kind): count for (kind, state), count in day_counts.all_deliveries(engine).items()}
        yield _counter("deliveries", "Mails by state and kind, of all time.", ("state", "kind"), sent)
        relays = day_counts.totals(engine, day_counts.RELAYS)
        yield _counter("relay_mails", "Attempts by relay and outcome, of all time.", ("relay", "outcome"), relays)
        returned = day_counts.totals(engine, day_counts.RETURNED)
        yield _counter("bounces", "What came back, by verdict and reason.", ("kind", "reason"), returned)
        yield _delays(day_counts.all_delays(engine))
        unread = gauges.known(engine).get(gauges.MAILBOX_UNREAD, 0.0)
        yield _gauge("mailbox_unread", "Messages the last look into the mailbox left.", (), {(): unread})

    def _rests(self) -> Iterator[Metric]:
        now, known = self._settings.clock(), breakers.known(self._engine)
        relays = dict.fromkeys(((str(relay),) for relay in self._settings.relays), 0.0)
        for name, breaker in known.items():
            kind, _, whose = name.partition(" ")
            if kind == "relay" and now - breaker.until < LONGEST_RELAY_REST:
                relays[(whose,)] = 1.0
        yield _gauge("circuit_open", "1 while a relay rests, or is only tried.", ("relay",), relays)
        slowed = sum(
            name.startswith(("domain ", "provider ")) and breaker.until > now for name, breaker in known.items()
        )
        yield _gauge("throttled_domains", "Recipients' domains and providers that are slowed.", (), {(): slowed})

    def _collections(self) -> Iterator[Metric]:
        now = self._settings.clock()
        ages = {(name,): (now - at).total_seconds() for name, at in collections.last_good(self._engine).items()}
        yield _gauge("collection_age_seconds", "Since when nothing good was collected.", ("source",), ages)
        runs = collections.counts(self._engine)
        yield _counter("collections", "Collection runs by outcome.", ("source", "outcome"), runs)

    def _processes(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        newest = heartbeats.newest(self._engine).values()
        ages = {(heard.process,): (now - heard.at).total_seconds() for heard in newest}
        yield _gauge("heartbeat_age_seconds", "Since when a process is silent.", ("process",), ages)
        free = {(): space.disk_free(self._settings.database_url)}
        yield _gauge("disk_free_ratio", "Free space where the database, or this process, is.", (), free)


def _gauge(name: str, said: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = GaugeMetricFamily(OF + name, said, labels=labels)
    for given, value in values.items():
        family.add_metric(given, value)
    return family


def _counter(name: str, said: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = CounterMetricFamily(OF + name, said, labels=labels)
    for given, value in values.items():
        family.add_metric(given, value)
    return family


def _delays(found: Mapping[str, int]) -> Metric:
    """Each bucket of a histogram has what went within its time, and so the sum of those before it."""
    family = HistogramMetricFamily(OF + "time_to_send_seconds", "From when a digest was due to when it went.")
    buckets, so_far = [], 0
    for bound in (*map(str, day_counts.WITHIN), day_counts.LATER):
        so_far += found.get(bound, 0)
        buckets.append((bound if bound == day_counts.LATER else f"{bound}.0", so_far))
    family.add_metric([], buckets, sum_value=None)
    return family
