"""The door to the web: the only outgoing HTTP. It asks what a source wants asked, and an answer always comes back.

It follows no redirect to another host, reads no endless answer, waits no longer than it may, and raises nothing.
"""

from __future__ import annotations

import re
import time
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from time import monotonic

import httpx
import stamina

from digest import __version__, logs
from digest.sources import Answer, FetchResult, Request, Source
from digest.sources.bounds import Deadline, Excess, body_of, shut_at
from digest.text import plain

# The largest real answer, a feed of 2,000 entries, has some 5 MB. Counted packed and unpacked.
MOST_ANSWER_BYTES = 8 * 2**20
MOST_REDIRECTS = 5
ATTEMPTS = 4
TIMEOUT = httpx.Timeout(20, connect=5)
# For all that one request takes: connecting, reading, waiting, trying again. A source that has a second step has the
# time for it, though the first one dripped.
SECONDS_A_REQUEST = 30.0
# For all that one look asks; with what reading the answers may take, it is below 90 s.
SECONDS_AN_EXCHANGE = 65.0
# A source that asks for more patience is left alone until the next round.
LONGEST_WAIT_SECONDS = 25.0
TOO_MANY_REQUESTS = 429
# Nothing that a second attempt would change.
_FOR_GOOD = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, zlib.error, httpx.InvalidURL, ValueError)


class _TryAgain(Exception):
    """An attempt in vain; `wait` is how many seconds the source asked for, if it did."""

    def __init__(self, answer: Answer, wait: float | None = None) -> None:
        super().__init__(answer.error)
        self.answer = answer
        self.wait = wait


def client(*, base_url: str, operator: str = "") -> httpx.Client:
    """Make the client that `collect` asks with. It tells every source who asks, and whom to write to."""
    logs.say_retries()
    contact = "; ".join([f"+{base_url}", *([f"mailto:{operator}"] if operator else [])])
    return httpx.Client(
        headers={"User-Agent": f"PaperDigest/{__version__} ({contact})", "Accept-Encoding": "gzip"},
        timeout=TIMEOUT,
        # Every request has a connection of its own, which can be shut when its time is over.
        limits=httpx.Limits(max_keepalive_connections=0),
        # A proxy of the environment cannot know this machine's own addresses.
        mounts={"all://127.0.0.1": None, "all://localhost": None},
    )


def collect(source: Source, day: date, *, base_url: str, client: httpx.Client) -> tuple[FetchResult, float]:
    """Ask a source for a day; return what it listed and the seconds it took."""
    started, whole = monotonic(), Deadline(SECONDS_AN_EXCHANGE)
    exchange = source.ask(day)
    attempts = ATTEMPTS
    try:
        request = next(exchange)
        while True:
            answer = _answer(client, _address(source, request, base_url), request, attempts, whole)
            # Where nobody answered, the next question is not worth all the patience again.
            attempts = ATTEMPTS if answer.status else 1
            request = exchange.send(answer)
    except StopIteration as end:
        result: FetchResult = end.value
    except Exception as error:
        # A source that fell over an answer: one look fails, and no other.
        result = FetchResult(problem=f"an answer that cannot be read: {_said(error)}")
    return result, monotonic() - started


def _address(source: Source, request: Request, base_url: str) -> str:
    """Say whom to ask: a source that is asked somewhere else than at home has everything there."""
    at_home = base_url.rstrip("/") == source.home
    return (request.host if request.host and at_home else base_url).rstrip("/") + request.path


def _answer(client: httpx.Client, url: str, request: Request, attempts: int, whole: Deadline) -> Answer:
    if whole.left <= request.pause:
        return Answer(0, url, error=f"no time left of {whole.seconds:.0f} s")
    if request.pause:
        time.sleep(request.pause)
    deadline = Deadline(min(SECONDS_A_REQUEST, whole.left))
    try:
        asked = stamina.RetryingCaller(attempts, deadline.seconds, wait_initial=0.5)
        return asked(partial(_worth_it, deadline=deadline), _attempt, client, url, request, deadline)
    except _TryAgain as in_vain:
        return in_vain.answer


def _worth_it(error: Exception, deadline: Deadline) -> bool | float:
    """Tell stamina whether to try again, and when."""
    if not isinstance(error, _TryAgain) or not deadline.left:
        return False
    if error.wait is None:
        return True
    return error.wait if error.wait <= min(LONGEST_WAIT_SECONDS, deadline.left) else False


def _attempt(client: httpx.Client, url: str, request: Request, deadline: Deadline) -> Answer:
    try:
        asked = client.build_request("GET", url, params=dict(request.params) or None, headers=dict(request.headers))
        answer = _followed(client, asked, deadline)
    except Excess as excess:
        return Answer(0, url, error=str(excess))
    except Exception as error:
        # What the libraries raise over a hostile answer, a bad host in a Location for one, is in no list.
        if not deadline.left:
            return Answer(0, url, error=f"an answer that takes longer than {deadline.seconds:.0f} s")
        answer = Answer(0, url, error=f"no answer: {_said(error)}")
        if isinstance(error, _FOR_GOOD) or not isinstance(error, httpx.RequestError):
            return answer
        raise _TryAgain(answer) from error
    if answer.status >= 500 or answer.status == TOO_MANY_REQUESTS:
        wait = _wait(answer)
        asks = "" if wait is None else f", come back in {wait:.0f} s"
        raise _TryAgain(replace(answer, error=f"HTTP {answer.status}{asks}"), wait)
    return answer


def _followed(client: httpx.Client, asked: httpx.Request, deadline: Deadline) -> Answer:
    for _ in range(1 + MOST_REDIRECTS):
        with shut_at(deadline) as extensions:
            asked.extensions |= extensions
            with closing(client.send(asked, stream=True)) as response:
                target = response.next_request
                if not target:
                    return _read(response, deadline)
                if not _same_host(asked.url, target.url):
                    return Answer(
                        response.status_code, str(asked.url), error=f"a redirect elsewhere, to {target.url.host}"
                    )
                asked = target
    return Answer(response.status_code, str(asked.url), error=f"more than {MOST_REDIRECTS} redirects")


def _same_host(old: httpx.URL, new: httpx.URL) -> bool:
    """Other ports are other hosts, and nothing leads away from https."""
    return (old.host, old.port) == (new.host, new.port) and new.scheme in (old.scheme, "https")


def _read(response: httpx.Response, deadline: Deadline) -> Answer:
    body, error = b"", ""
    try:
        body = body_of(response, MOST_ANSWER_BYTES, deadline)
    except Excess as excess:
        error = str(excess)
    return Answer(response.status_code, str(response.url), dict(response.headers), body, error)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {plain(str(error))[:200]}"


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
