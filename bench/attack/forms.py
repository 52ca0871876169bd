"""Hostile forms: list bombing, other sites, false addresses of visitors, bodies without end, keys in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from sqlalchemy import Engine, func, select

from bench.attack.keys import BASE, KEY, NOW
from bench.attack.tries import Try, at_most
from bench.attack.visits import Visits
from digest.domain import Preferences, Status
from digest.links import Links
from digest.logs import redact
from digest.settings import Settings
from digest.store import readers
from digest.store.engine import connect, migrate
from digest.store.tables import deliveries

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MOST_SECONDS = 1
# What is allowed to one mailbox in a day.
MOST_MAILS = 3
BODIES = {
    "combining marks": urlencode({"email": "a" + "\u0301" * 10_000}).encode(),
    "labels without end": urlencode({"email": "a@" + "b." * 15_000 + "org"}).encode(),
    "lines without end": urlencode({"email": "a@example.org", "topics": "\n" * 20_000}).encode(),
    "topics without end": urlencode({"email": "a@example.org", "topics": "a* + b*,\n" * 2_000}).encode(),
    "fields without end": b"&".join(b"a%d=b" % number for number in range(6_000)),
    "a megabyte": b"topics=" + b"x" * 1_000_000,
    "no form": b"\xff" * 50_000,
}


def attack(small: bool) -> Iterator[Try]:
    """Post what people do not, from one network or from many."""
    with TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'a.sqlite3'}")
        migrate(engine)
        settings = Settings(base_url=BASE, secret_key=(KEY,), broker_url="redis://127.0.0.1:1/0", now=NOW)
        yield from _bodies(settings, engine)
        yield from _bombing(settings, engine, 8 if small else 60)
        yield from _elsewhere(settings, engine)
        yield from _false_addresses(settings, engine)
        engine.dispose()
    yield from _log_lines()


def _bodies(settings: Settings, engine: Engine) -> Iterator[Try]:
    for path in ("/subscribe", "/preview", "/preview/part"):
        for name, body in BODIES.items():
            with Visits(settings, engine) as visits:
                began = time.process_time()
                status, _ = visits.ask("POST", path, FORM, body)
                took = time.process_time() - began
            why = at_most(MOST_SECONDS, took) or (f"HTTP {status}" if status >= 500 else "")
            yield Try(f"{name} to {path}", why, f"{took:.2f} s")


def _bombing(settings: Settings, engine: Engine, times: int) -> Iterator[Try]:
    """Ask for mails to one mailbox, each time from another network and spelt in another way."""
    before = _mails(engine)
    for number in range(times):
        spelt = f"a.da+{number}@gmail.com" if number % 2 else f"{'.'.join('ada')}+{number}@googlemail.com"
        with Visits(settings, engine, f"192.0.{number}.1") as visits:
            visits.ask("POST", "/subscribe", FORM, urlencode({"email": spelt}).encode())
    mails = _mails(engine) - before
    yield Try(f"one mailbox asked for {times} times", f"{mails} mails" * (mails > MOST_MAILS), f"{mails} mails")


def _mails(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(deliveries)).scalar_one()


def _elsewhere(settings: Settings, engine: Engine) -> Iterator[Try]:
    reader = readers.admit(engine, "eve@example.org", Preferences(("tides",)), NOW, Status.ACTIVE)
    page = Links(BASE, [KEY]).preferences(reader.key).removeprefix(BASE)
    sites = [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": f"{BASE}.evil.example"}]
    for said in sites:
        for path in (page, f"{page}/delete", f"{page}/pause", "/subscribe"):
            with Visits(settings, engine) as visits:
                visits.ask("POST", path, FORM | said, b"email=eve%40example.org&topics=other")
            same = readers.find(engine, reader.id) == reader
            yield Try("a form on another site", "" if same else f"it changed a reader, by {path}")


def _false_addresses(settings: Settings, engine: Engine) -> Iterator[Try]:
    """Claim another address with each request: the limit counts the one that the connection is from."""
    answers = []
    with Visits(settings, engine, "198.51.100.7") as visits:
        for number in range(12):
            said = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
            answers.append(visits.ask("POST", "/subscribe", FORM | said, b"email=none")[0])
    yield Try("another address each time", "" if 429 in answers else "no limit held", f"{answers.count(429)} refused")


def _log_lines() -> Iterator[Try]:
    links = Links(BASE, [KEY])
    key, delivery = "k0123456789abcdef", 7
    addresses = [links.preferences(key), links.unsubscribe(key), links.view(key, delivery), links.confirm(key, 7, NOW)]
    for address in addresses:
        token = address.rpartition("/")[2]
        for line in (address, f"/papers{address[len(BASE) :]}", f"/prefrences/{token}", f"GET //{token}?a={token}"):
            yield Try("a key in a log", "it is shown" if token in redact(line) else "")
