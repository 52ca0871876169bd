"""Floods on loopback: while strangers keep the endpoint busy, people still leave it, and it still says it is alive."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.parse import urlencode

from bench.attack.keys import KEY, NOW
from bench.attack.topics import PREFIXES
from bench.attack.tries import Try, at_most
from digest.domain import CollectionRun, Listing, Outcome, Preferences, Status
from digest.links import Links
from digest.sample import mails
from digest.store import papers, readers
from digest.store.engine import connect, migrate

CONNECTIONS, FEW_CONNECTIONS = 50, 10
SECONDS, FEW_SECONDS = 8.0, 1.5
# What the endpoint promises with fifty hostile connections at it: 99 of 100 answers within so many milliseconds.
MOST_TO_LEAVE, MOST_TO_LIVE = 250, 100
# A small run shares its cores with other tests, and looks for a stall, not for a figure.
ALLOWED_IN_HASTE = 8
WAIT_SECONDS = 30
SECONDS_TO_BEGIN = 0.5
LONGEST_FLOOD_SECONDS = 120


def _post(path: str, body: bytes, kind: str = "application/x-www-form-urlencoded") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


PART = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\nx\r\n'
FLOODS: dict[str, Callable[[int], bytes]] = {
    "previews of many lines": lambda n: _post("/preview", urlencode({"topics": f"a{n}\n" * 1_400}).encode()),
    "previews of slow topics": lambda n: _post("/preview", urlencode({"topics": f'author:"{PREFIXES}" {n}'}).encode()),
    "papers pasted": lambda n: _post("/start", f"papers={n}{'%CC%81+2512.00001%0A' * 29_000}".encode()),
    "multipart previews": lambda _: _post(
        "/preview", "".join(map(PART.format, range(900))).encode(), "multipart/form-data; boundary=b"
    ),
    "subscriptions of combining marks": lambda _: _post(
        "/subscribe", urlencode({"email": "a" + "\u0301" * 9_000}).encode()
    ),
    "searches of many fields": lambda n: _get(f"/search?q={n}&" + "a&" * 30_000),
    "searches": lambda n: _get(f"/search?q=a*+b*+{n}"),
    "feeds": lambda n: _get(f"/feed.atom?topics=a*+b*+{n}"),
    "headers that never end": lambda _: b"GET / HTTP/1.1\r\nHost: x\r\nX-Y: z\r\n",
}


@contextmanager
def _endpoint(folder: Path) -> Iterator[tuple[int, str]]:
    """A real server in a process of its own, with papers and one reader; its port and the reader's way out."""
    url = f"sqlite:///{folder / 'flood.sqlite3'}"
    engine = connect(url)
    migrate(engine)
    day = NOW.date()
    found = [Listing("huggingface", day, rank, paper, 0, 0) for rank, paper in enumerate(mails.papers(day), 1)]
    papers.keep(engine, found, CollectionRun("huggingface", day, "api", len(found), 0.1, Outcome.OK, "", NOW))
    reader = readers.admit(engine, "ada@example.org", Preferences(), NOW, Status.ACTIVE)
    engine.dispose()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"DIGEST_DATABASE_URL": url, "DIGEST_SECRET_KEY": KEY, "DIGEST_BASE_URL": f"http://127.0.0.1:{port}"}
    # Without a broker each process counts alone. A trusted network: what is tried is not the limit, but what is behind.
    own |= {"DIGEST_BROKER_URL": "redis://127.0.0.1:1/0", "DIGEST_TRUSTED_NETWORKS": "127.0.0.0/8"}
    others = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    command = ["-m", "uvicorn", "digest.web:app", "--no-proxy-headers", "--port", str(port), "--log-level", "critical"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, *command], env=others | own, **quiet) as server:  # type: ignore[call-overload]
        try:
            _await_alive(port)
            path = Links("", [KEY]).unsubscribe(reader.key)
            yield port, path
        finally:
            server.kill()


def _await_alive(port: int) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while _milliseconds(port, _get("/healthz")) is None:
        if time.monotonic() > end:
            raise TimeoutError("the endpoint does not begin")
        time.sleep(0.05)


def _milliseconds(port: int, request: bytes) -> float | None:
    """How long a request of a new visitor takes, or nothing if it is not answered with 200."""
    began = time.monotonic()
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as visitor:
        visitor.sendall(request)
        if b" 200 " in visitor.recv(1_000).partition(b"\r\n")[0]:
            return (time.monotonic() - began) * 1_000
    return None


def _keep_asking(port: int, flood: Callable[[int], bytes], number: int, begun: Event) -> None:
    while True:
        number += 1_000
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as stranger:
            stranger.sendall(flood(number))
            begun.set()
            stranger.recv(65_536)


def _strangers(port: int, name: str, connections: int, begun: Event) -> None:
    """Ask without end, with so many connections: the work of a process of its own, that is killed."""
    for number in range(connections):
        Thread(target=_keep_asking, args=(port, FLOODS[name], number, begun), daemon=True).start()
    time.sleep(LONGEST_FLOOD_SECONDS)


def attack(small: bool) -> Iterator[Try]:
    """Ask with so many connections at once, and look how long it takes to leave meanwhile."""
    with TemporaryDirectory() as folder, _endpoint(Path(folder)) as (port, way_out):
        floods = ["previews of many lines", "subscriptions of combining marks"] if small else list(FLOODS)
        for name in floods:
            yield from _flooded(port, way_out, name, small)


def _flooded(port: int, way_out: str, name: str, small: bool) -> Iterator[Try]:
    connections = FEW_CONNECTIONS if small else CONNECTIONS
    # Not in this process: they would slow down the one who measures.
    context = get_context("spawn")
    begun = context.Event()
    strangers = context.Process(target=_strangers, args=(port, name, connections, begun), daemon=True)
    strangers.start()
    # On a busy machine it takes them seconds; without them there is nothing to measure.
    if not begun.wait(WAIT_SECONDS):
        raise TimeoutError("the strangers do not begin")
    time.sleep(SECONDS_TO_BEGIN)
    leaving, living = _measured(port, way_out, FEW_SECONDS if small else SECONDS)
    strangers.kill()
    strangers.join()
    times = ALLOWED_IN_HASTE if small else 1
    for what, took, most in (("leave", leaving, MOST_TO_LEAVE), ("say it lives", living, MOST_TO_LIVE)):
        yield Try(f"{name}: to {what}", at_most(most * times, took, "ms"), f"p99 {took:.0f} ms")


def _measured(port: int, way_out: str, seconds: float) -> tuple[float, float]:
    leaving, living = list[float](), list[float]()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for found, request in ((leaving, _post(way_out, b"")), (living, _get("/healthz"))):
            took = _milliseconds(port, request)
            found.append(WAIT_SECONDS * 1_000 if took is None else took)
    return _p99(leaving), _p99(living)


def _p99(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)]
