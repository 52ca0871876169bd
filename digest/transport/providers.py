"""Who takes the mail of a domain: the provider behind its MX. Asks the DNS in the background, and nobody waits for it.

A provider is called by the organisational domain of its mail servers: `yahoodns.net` for all of Yahoo's domains. Until
a domain's is known, and where the DNS is away or says nothing clear, a domain is its own provider.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.resolver import Resolver

SECONDS_FOR_AN_ANSWER = 3.0
# What is known holds for half a day, what could not be learnt for ten minutes.
SECONDS_KNOWN, SECONDS_UNKNOWN = 12 * 3600.0, 600.0
MOST_KNOWN, MOST_ASKED = 50_000, 1_000
NAME = re.compile(r"(?=.{1,253}\Z)[^\s.@\x00-\x1f\x7f]{1,63}(\.[^\s.@\x00-\x1f\x7f]{1,63})+")
# Below a country, where names are given out one label deeper: `co.uk`, `com.au`, `ne.jp`.
REGISTRIES = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "mil", "ne", "net", "nom", "or", "org", "sch"})


def organisational(name: str) -> str:
    """The part of a name that one organisation answers for, as well as can be told without a list of all registries."""
    labels = name.casefold().strip(".").split(".")
    deeper = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in REGISTRIES
    return ".".join(labels[-3 if deeper else -2 :])


def provider_of(domain: str, exchangers: Iterable[tuple[int, str]]) -> str:
    """Who takes a domain's mail, by its MX records; the domain itself where they do not name one.

    Only those that are tried first count, and only if they agree: who names a stranger's server beside his own, or
    behind it, answers himself, and would have the stranger answer for it.
    """
    records = list(exchangers)
    first = min((preference for preference, _ in records), default=0)
    found = {organisational(host) for preference, host in records if preference == first and host.strip(".")}
    return found.pop() if len(found) == 1 else domain


class Providers:
    """What is known of domains, in this process."""

    def __init__(self, resolver: Callable[[], Resolver] | None = None) -> None:
        self._resolver = resolver or system_resolver
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._asked: queue.Queue[str] = queue.Queue(MOST_ASKED)
        self._waiting: set[str] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def known(self, domain: str) -> str:
        """The provider of a domain, or the domain while nobody has learnt it."""
        provider, _ = self._known.get(domain, (domain, 0.0))
        return provider

    def of(self, domain: str) -> str:
        """The same; what is unknown or old is asked for meanwhile."""
        provider, until = self._known.get(domain, (domain, 0.0))
        if until < time.monotonic() and NAME.fullmatch(domain):
            self._ask(domain)
        return provider

    def learnt(self) -> None:
        """Return when all that was asked for is known."""
        self._asked.join()

    def _ask(self, domain: str) -> None:
        with self._lock:
            if domain in self._waiting or self._asked.full():
                return
            self._waiting.add(domain)
            self._asked.put_nowait(domain)
            if self._thread is None:
                # Ended with the process, whatever a name server does.
                self._thread = threading.Thread(target=self._learn, name="providers", daemon=True)
                self._thread.start()

    def _learn(self) -> None:
        while True:
            domain = self._asked.get()
            found = self._look_up(domain)
            with self._lock:
                self._known[domain] = found
                self._known.move_to_end(domain)
                if len(self._known) > MOST_KNOWN:
                    self._known.popitem(last=False)
                self._waiting.discard(domain)
            self._asked.task_done()

    def _look_up(self, domain: str) -> tuple[str, float]:
        # Not above: who slows nobody down needs no DNS.
        from dns.resolver import NXDOMAIN, NoAnswer

        try:
            answer = self._resolver().resolve(domain, "MX", lifetime=SECONDS_FOR_AN_ANSWER)
            records = [(record.preference, str(record.exchange)) for record in answer]
        except (NXDOMAIN, NoAnswer):
            records = []
        except Exception:  # Away, slow, or lying: a stranger's name server chose every byte.
            return self.known(domain), time.monotonic() + SECONDS_UNKNOWN
        return provider_of(domain, records), time.monotonic() + SECONDS_KNOWN


def system_resolver() -> Resolver:
    from dns.resolver import Resolver

    return Resolver()
