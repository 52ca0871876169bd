"""Forged keys: cut, changed, of another purpose, of another service, of a reader in a restored database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_letters, digits
from tempfile import TemporaryDirectory

from bench.attack.tries import Try
from bench.attack.visits import Visits
from digest.domain import Preferences, Status
from digest.links import Links, Purpose
from digest.settings import Settings
from digest.store import readers
from digest.store.engine import connect, migrate

NOW = datetime(2025, 12, 24, 18, tzinfo=UTC)
BASE = "https://papers.example.org"
KEY = "a key of the service"
TRIES, FEW_TRIES = 20_000, 1_000
SIGNS = ascii_letters + digits + "-_."


def attack(small: bool) -> Iterator[Try]:
    """Try keys on the reader of links, and the best of them on the pages."""
    draw = random.Random(1)
    ours, theirs = Links(BASE, [KEY]), Links(BASE, ["a key of somebody else"])
    reader = "k0123456789abcdef"
    true = {purpose: ours.token(purpose, reader, 1, NOW) for purpose in Purpose}
    for number in range(FEW_TRIES if small else TRIES):
        purpose = draw.choice(list(Purpose))
        forged = draw.choice([_cut, _changed, _grown])(true[purpose], draw)
        found = ours.read(purpose, forged, NOW)
        # Servers turn addresses to lower case, and some to upper: of the way out, another case is the same key.
        same = purpose is Purpose.UNSUBSCRIBE and forged.lower() == true[purpose]
        through = found and forged != true[purpose] and not same
        if through or number % 100 == 0:
            yield Try("a changed key", f"{forged} opens {found}" if through else "")
    for purpose in Purpose:
        for other in set(Purpose) - {purpose}:
            through = ours.read(purpose, true[other], NOW)
            yield Try(f"a key for another page, to {purpose}", str(through or ""))
        through = ours.read(purpose, theirs.token(purpose, reader, 1, NOW), NOW)
        yield Try("a key of another service", str(through or ""))
    yield from _restored()


def _cut(token: str, draw: random.Random) -> str:
    return token[: draw.randrange(len(token))]


def _changed(token: str, draw: random.Random) -> str:
    place = draw.randrange(len(token))
    return token[:place] + draw.choice(SIGNS) + token[place + 1 :]


def _grown(token: str, draw: random.Random) -> str:
    place = draw.randrange(len(token))
    return token[:place] + draw.choice(SIGNS) + token[place:]


def _restored() -> Iterator[Try]:
    """Give a number to two readers, one after the other, as a restored or a new database does."""
    keys = []
    with TemporaryDirectory() as folder:
        for place, email in enumerate(("ada@example.org", "bob@example.org")):
            engine = connect(f"sqlite:///{Path(folder) / f'{place}.sqlite3'}")
            migrate(engine)
            keys.append(readers.admit(engine, email, Preferences(), NOW, Status.ACTIVE).key)
        settings = Settings(base_url=BASE, secret_key=(KEY,), broker_url="redis://127.0.0.1:1/0", now=NOW)
        with Visits(settings, engine) as visits:
            links = Links(BASE, [KEY])
            for make in (links.preferences, links.unsubscribe):
                path = make(keys[0]).removeprefix(BASE)
                status, body = visits.ask("GET", path)
                yield Try("a link of the database before", f"{status} at {path}" if status != 404 else "")
                yield Try("its page names nobody", "it names a reader" if b"bob@" in body else "")
                own, _ = visits.ask("GET", make(keys[1]).removeprefix(BASE))
                yield Try("and the reader's own link opens", "" if own == 200 else f"{own}")
        engine.dispose()
