"""Whether a request to a hook is the provider's own: a certificate and a memory, which that takes."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

import httpx
from limits.limits import RateLimitItemPerMinute

from digest import __version__
from digest.bounces.webhooks import mailgun, ses
from digest.transport.rate_limiter import RateLimiter

# Amazon's certificate has some 2 kB, and its answer to a confirmation less.
MOST_ANSWER_BYTES = 100_000
PATIENCE_SECONDS = 5.0
# Amazon changes its certificate once a year, and each region has its own.
MOST_CERTIFICATES = 16
# A request may bear a time ten minutes ahead of ours, and is fresh for ten minutes after that.
MINUTES_TO_REMEMBER = 2 * int(mailgun.FRESH_FOR.total_seconds()) // 60


class Away(Exception):
    """The provider cannot be asked now: it tries again later."""


class Proofs:
    """What one process knows of providers: Amazon's certificates, and which of Mailgun's requests it has seen."""

    def __init__(self, broker_url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._seen = RateLimiter(broker_url, RateLimitItemPerMinute(1, MINUTES_TO_REMEMBER, "mailgun"), "hooks")
        self._transport = transport
        self._certificates: dict[str, bytes] = {}
        self._fetching = Lock()

    def is_amazons(self, body: bytes, topic: str, now: datetime) -> bool:
        """Raises Away, and ValueError for what is no JSON."""
        url = ses.certificate_url(body)
        return bool(url) and ses.is_signed(body, self._certificate(url), topic, now)

    def confirm(self, url: str) -> None:
        """Tell Amazon, once, that the notices of our topic are to come here. Raises Away."""
        self._fetched(url)

    def is_new(self, nonce: str) -> bool:
        """Whether no request bore this before; it is remembered."""
        return not self._seen.wait(nonce)

    def forget(self, nonce: str) -> None:
        """Let a request come again that could not be acted on."""
        self._seen.forget(nonce)

    def _certificate(self, url: str) -> bytes:
        if url not in self._certificates:
            found = self._fetched(url)
            while len(self._certificates) >= MOST_CERTIFICATES:
                self._certificates.pop(next(iter(self._certificates)))
            self._certificates[url] = found
        return self._certificates[url]

    def _fetched(self, url: str) -> bytes:
        """Ask Amazon, for one request at a time: strangers may send what has us ask, and hold nobody else up by it."""
        if not self._fetching.acquire(blocking=False):
            raise Away("another request is asking")
        try:
            who = {"User-Agent": f"PaperDigest/{__version__}"}
            with httpx.Client(timeout=PATIENCE_SECONDS, headers=who, transport=self._transport) as client:
                return _bounded(client, url)
        except httpx.HTTPError as error:
            raise Away(type(error).__name__) from error
        finally:
            self._fetching.release()


def _bounded(client: httpx.Client, url: str) -> bytes:
    found = b""
    with client.stream("GET", url) as answer:
        if answer.status_code != 200:
            raise Away(f"HTTP {answer.status_code}")
        for piece in answer.iter_bytes():
            found += piece
            if len(found) > MOST_ANSWER_BYTES:
                raise Away("an answer without end")
    return found
