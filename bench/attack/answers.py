"""Hostile sources: answers that drip, never end, unpack without end, or hold what nobody should follow."""

from __future__ import annotations

import gzip
import json
import socketserver
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from itertools import chain, islice, repeat
from threading import Thread
from unittest.mock import patch

from bench import report
from bench.attack.tries import Try, at_most
from digest.sources import by_name, fetch

Pieces = Iterable[bytes]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MOST_SECONDS, MOST_MB = 90, 300
# A small run has less patience, so that it ends.
HASTE_SECONDS = 0.4
DAY = date(2025, 12, 24)
MANY = 60_000
FIELDS = ("title", "summary", "ai_summary", "submittedOnDailyBy")


def _slowly(pieces: Pieces) -> Iterator[bytes]:
    for piece in islice(pieces, 10_000):
        time.sleep(0.02)
        yield piece


def _record(**paper: object) -> bytes:
    known = {"id": "2512.00001", "title": "T", "summary": "S", "submittedOnDailyAt": f"{DAY}T01:30:00.000Z"}
    return HEAD + b"\r\n" + json.dumps([{"paper": known | paper, "title": "T"}]).encode()


ANSWERS: dict[str, Callable[[], Pieces]] = {
    "silence": lambda: _slowly(repeat(b"")),
    "headers that drip": lambda: _slowly(chain([HEAD], repeat(b"X-Y: z\r\n"))),
    "endless informational answers": lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "a body that drips": lambda: _slowly(chain([HEAD + b"\r\n"], repeat(b" "))),
    "an endless body": lambda: chain([HEAD + b"\r\n"], repeat(b" " * 10_000)),
    "a gzip name without end": lambda: chain(
        [HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08" + bytes(6)], repeat(b"n" * 10_000)
    ),
    "empty gzip blocks": lambda: chain(
        [HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10]], repeat(b"\0\0\0\xff\xff" * 2_000)
    ),
    "a gzip bomb": lambda: [HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(10**8))],
    "gzip in gzip": lambda: [HEAD + b"Content-Encoding: gzip, gzip\r\n\r\n" + gzip.compress(gzip.compress(b"[]"))],
    "lists in a list": lambda: [HEAD + b"\r\n[" + b"[]," * 2_000_000 + b"[]]"],
    "nested lists": lambda: [HEAD + b"\r\n" + b"[" * 4_000_000],
    "elements never closed": lambda: [HEAD + b"\r\n" + b"<a>" * 2_500_000],
    "div in div": lambda: [HEAD + b"\r\n<article>" + b"<div>" * 1_000_000],
    "a redirect to this machine's files": lambda: [b"HTTP/1.1 302 F\r\nLocation: file:///etc/passwd\r\n\r\n"],
    "a redirect to a name that is none": lambda: [b"HTTP/1.1 302 F\r\nLocation: https://xn--/\r\n\r\n"],
    "a redirect in circles": lambda: [b"HTTP/1.1 302 F\r\nLocation: /api/daily_papers\r\n\r\n"],
    "an address that is none": lambda: [_record(projectPage="https://xn--/", githubRepo="https://xn--ls8h.la/")],
    "a script for an address": lambda: [_record(projectPage="javascript:alert(1)", githubRepo="data:text/html,x")],
    "a title of megabytes": lambda: [_record(title="{" * 2_000_000)],
    "marks on letters": lambda: [_record(**dict.fromkeys(FIELDS, "a" + "\u0301\u0323" * 20_000))],
    "thousands of authors": lambda: [_record(authors=[{"name": "A" * 400}] * MANY)],
    "a record of other kinds": lambda: [_record(id=["2512"], title={"a": 1}, authors=7, upvotes="many")],
}
# These wait for the patience of the service to end, each.
PATIENT = {"silence", "headers that drip", "endless informational answers", "a body that drips"}


@contextmanager
def _serving(pieces: Callable[[], Pieces]) -> Iterator[str]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # Whoever had enough hangs up.
            with suppress(OSError):
                self.request.recv(65_536)
                for piece in pieces():
                    self.request.sendall(piece)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, allow_reuse_address = True, True

    with Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def attack(small: bool) -> Iterator[Try]:
    """Ask a source on this machine that answers so, as a round of collecting does."""
    if not small:
        yield from map(_try, ANSWERS)
        return
    with (
        patch.object(fetch, "SECONDS_A_REQUEST", HASTE_SECONDS),
        patch.object(fetch, "SECONDS_AN_EXCHANGE", 2 * HASTE_SECONDS),
        patch.object(fetch, "ATTEMPTS", 1),
    ):
        yield from map(_try, ["silence", *(name for name in ANSWERS if name not in PATIENT)])


def _try(name: str) -> Try:
    began = time.monotonic()
    try:
        with _serving(ANSWERS[name]) as url, fetch.client(base_url="") as client:
            result, _ = fetch.collect(by_name("huggingface"), DAY, base_url=url, client=client)
    except Exception as error:
        return Try(name, f"{type(error).__name__} ends the look")
    took = time.monotonic() - began
    links = [link for one in result.listings for link in (one.paper.project_url, one.paper.code_url) if link]
    bad = [link for link in links if not link.startswith("https://")]
    why = at_most(MOST_SECONDS, took) or at_most(MOST_MB, report.peak_memory(), "MB") or ", ".join(bad)
    return Try(name, why, f"{took:.1f} s")
