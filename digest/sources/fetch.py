"""The door to the web: the only outgoing HTTP. It asks what a source wants asked, and an answer always comes back.

It follows no redirect to another host, reads no endless answer, and waits no longer than it may.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from time import monotonic

import httpx
import stamina

from digest import __version__
from digest.sources import Answer, FetchResult, Request, Source

# The largest real answer, a feed of 2,000 entries, has some 5 MB. Counted unpacked: a bomb is found out after the
# first network read, 64 kB, which gzip can blow up to 67 MB.
MOST_ANSWER_BYTES = 16 * 2**20
MOST_REDIRECTS = 5
ATTEMPTS = 4
TIMEOUT = httpx.Timeout(20, connect=5)
# For all that one request takes: connecting, reading, waiting, trying again.
SECONDS_A_REQUEST = 90.0
# A source that asks for more patience is left alone until the next round.
LONGEST_WAIT_SECONDS = 60.0
TOO_MANY_REQUESTS = 429
# Nothing that a second attempt would change.
_FOR_GOOD = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.DecodingError, httpx.InvalidURL)


class _TryAgain(Exception):
    """An attempt in vain; `wait` is how many seconds the source asked for, if it did."""

    def __init__(self, answer: Answer, wait: float | None = None) -> None:
        super().__init__(answer.error)
        self.answer = answer
        self.wait = wait


def client(*, base_url: str, operator: str = "") -> httpx.Client:
    """Make the client that `collect` asks with. It tells every source who asks, and whom to write to."""
    contact = "; ".join([f"+{base_url}", *([f"mailto:{operator}"] if operator else [])])
    return httpx.Client(
        headers={"User-Agent": f"PaperDigest/{__version__} ({contact})", "Accept-Encoding": "gzip, deflate"},
        timeout=TIMEOUT,
        # A proxy of the environment cannot know this machine's own addresses.
        mounts={"all://127.0.0.1": None, "all://localhost": None},
    )


def collect(source: Source, day: date, *, base_url: str, client: httpx.Client) -> tuple[FetchResult, float]:
    """Ask a source for a day; return what it listed and the seconds it took."""
    started = monotonic()
    exchange = source.ask(day)
    attempts = ATTEMPTS
    try:
        request = next(exchange)
        while True:
            answer = _answer(client, base_url.rstrip("/"), request, attempts)
            # Where nobody answered, the next question is not worth all the patience again.
            attempts = ATTEMPTS if answer.status else 1
            request = exchange.send(answer)
    except StopIteration as end:
        return end.value, monotonic() - started


def _answer(client: httpx.Client, base_url: str, request: Request, attempts: int) -> Answer:
    deadline = monotonic() + SECONDS_A_REQUEST
    worth_it = partial(_worth_it, deadline=deadline)
    try:
        for attempt in stamina.retry_context(worth_it, attempts, SECONDS_A_REQUEST, wait_initial=0.5):
            with attempt:
                return _attempt(client, f"{base_url}{request.path}", request, deadline)
    except _TryAgain as in_vain:
        return in_vain.answer
    raise AssertionError("an attempt returns or raises")


def _worth_it(error: Exception, deadline: float) -> bool | float:
    """Tell stamina whether to try again, and when."""
    if not isinstance(error, _TryAgain) or error.wait is None:
        return isinstance(error, _TryAgain)
    return error.wait if error.wait <= min(LONGEST_WAIT_SECONDS, deadline - monotonic()) else False


def _attempt(client: httpx.Client, url: str, request: Request, deadline: float) -> Answer:
    try:
        asked = client.build_request("GET", url, params=dict(request.params), headers=dict(request.headers))
        answer = _followed(client, asked, deadline)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        answer = Answer(0, url, error=f"no answer: {type(error).__name__}: {error}")
        if isinstance(error, _FOR_GOOD):
            return answer
        raise _TryAgain(answer) from error
    if answer.status >= 500 or answer.status == TOO_MANY_REQUESTS:
        wait = _wait(answer)
        asks = "" if wait is None else f", come back in {wait:.0f} s"
        raise _TryAgain(replace(answer, error=f"HTTP {answer.status}{asks}"), wait)
    return answer


def _followed(client: httpx.Client, asked: httpx.Request, deadline: float) -> Answer:
    for _ in range(1 + MOST_REDIRECTS):
        with closing(client.send(asked, stream=True)) as response:
            target = response.next_request
            if not target:
                return _read(response, deadline)
            if not _same_host(asked.url, target.url):
                return Answer(response.status_code, str(asked.url), error=f"a redirect elsewhere, to {target.url.host}")
            asked = target
    return Answer(response.status_code, str(asked.url), error=f"more than {MOST_REDIRECTS} redirects")


def _same_host(old: httpx.URL, new: httpx.URL) -> bool:
    """Other ports are other hosts, and nothing leads away from https."""
    return (old.host, old.port) == (new.host, new.port) and new.scheme in (old.scheme, "https")


def _read(response: httpx.Response, deadline: float) -> Answer:
    body, error = bytearray(), ""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MOST_ANSWER_BYTES:
            error = f"an answer larger than {MOST_ANSWER_BYTES:,} bytes"
        elif monotonic() > deadline:
            error = f"an answer that takes longer than {SECONDS_A_REQUEST:.0f} s"
        if error:
            break
    return Answer(response.status_code, str(response.url), dict(response.headers), bytes(body), error)


def _wait(answer: Answer) -> float | None:
    """Read how long to wait: Retry-After in seconds or as a date (RFC 9110, 10.2.3), or when the rate limit resets."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        # Hugging Face says `RateLimit: "api";r=0;t=47`, and says it with every answer.
        limit = answer.headers.get("ratelimit", "") if answer.status == TOO_MANY_REQUESTS else ""
        reset = re.search(r";\s*t=(\d+)", limit)
        return float(reset[1]) if reset else None
