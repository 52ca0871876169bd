"""Test mails of `digest doctor --mail`: made here, and known again when they come back, by whichever way.

Only a relay that delivers, and a bounce address that leads to us, bring one back. Its header is signed, so that nobody
else's mail passes for one.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from digest.domain import Mail
from digest.store import gauges, keyed
from digest.store.engine import reading, writing

if TYPE_CHECKING:  # a mail server's pipe waits for all that is imported
    from digest.compose import Composer

HEADER = "X-Paper-Digest-Trial"
PURPOSE = "trial"
NUMBERS = 1_000_000_000
# In its own headers: of one that bounced, they stand in the body, and it did not come back.
TRIAL = re.compile(rb"^" + HEADER.encode() + rb": ([0-9]{1,10})\.([0-9a-f]{32})\r?$", re.MULTILINE | re.IGNORECASE)
END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
MOST_BYTES_OF_HEADERS = 100_000


def number() -> int:
    return 1 + secrets.randbelow(NUMBERS)


def mark(engine: Engine, trial: int) -> str:
    """What the header of this trial says."""
    with reading(engine) as connection:
        return f"{trial}.{keyed.newest(connection, PURPOSE, str(trial))}"


def make(composer: Composer, to: str, trial: int, marked: str, now: datetime) -> Mail:
    """Write a test mail. Its mark stands before what is signed, as if a server on the way had added it."""
    mail = composer.trial(to, trial, now)
    return replace(mail, content=f"{HEADER}: {marked}\r\n".encode() + mail.content)


def came_back(engine: Engine, content: bytes, now: datetime) -> bool:
    """Whether a message is a test mail of ours; then it is noted for who waits for it."""
    headers = END_OF_HEADERS.split(content[:MOST_BYTES_OF_HEADERS], maxsplit=1)[0]
    found = TRIAL.search(headers)
    if found is None:
        return False
    trial = int(found[1])
    with writing(engine) as connection:
        ours = found[2].decode() in keyed.each(connection, PURPOSE, str(trial))
        if ours:
            gauges.measured_in(connection, _name(trial), trial, now)
        return ours


def is_back(engine: Engine, trial: int) -> bool:
    """Whether a test mail has come back; then it is forgotten."""
    with writing(engine) as connection:
        return _forgotten(connection, trial)


def _forgotten(connection: Connection, trial: int) -> bool:
    there = gauges.known_in(connection, _name(trial)) is not None
    if there:
        gauges.forget_in(connection, _name(trial))
    return there


def _name(trial: int) -> str:
    return f"trial {trial}"
