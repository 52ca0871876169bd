"""The list of readers as a table: a row for each, as `digest readers export` writes it and `import` reads it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from digest.domain import Mute, Preferences, Reader, Status
from digest.links import KEY
from digest.readers import names
from digest.readers.form import FIELDS, Mistakes, address, preferences, typed

# `digest` is what one of several digests of an address is called: in other programs, `name` is a person's. `key` is
# what links name the reader by: it keeps them working, and is as private as they are.
COLUMNS = (
    "email", "status", "topics", "cadence", "hour", "timezone", "most_papers", "pictures",
    "weekday", "order", "related", "paused_until", "key", "digest", "muted",
    "list_name",
)  # fmt: skip
Row = Mapping[str, str | None]
# Readers of one place often have the same topics, hour and zone: a file of a million is read in a third of the time.
REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to put on the list."""

    email: str
    preferences: Preferences
    status: Status = Status.ACTIVE
    paused_until: datetime | None = None
    key: str = ""
    name: str = ""
    list_name: str = ""


def row(reader: Reader) -> dict[str, str]:
    """Write a reader as a row of text."""
    until = reader.paused_until.isoformat() if reader.paused_until else ""
    own = {"email": reader.email, "status": reader.status.value, "paused_until": until}
    own |= {"key": reader.key, "digest": reader.name, "muted": _written(reader.preferences.muted)}
    own |= {"list_name": reader.list_name}
    return {**typed(reader.preferences), **own}


def newcomer(row: Row) -> Newcomer:
    """Read a row; raise Mistakes. What is left out is as for a new reader; without a status everybody is active."""
    mistakes: dict[str, str] = {}
    read: dict[str, Any] = {}
    for name, reads in (
        ("status", _status),
        ("paused_until", _moment),
        ("key", _key),
        ("digest", _name),
        ("list_name", _name),
        ("muted", _muted),
    ):
        try:
            read[name] = reads(row.get(name))
        except ValueError as error:
            mistakes[name] = str(error)
    for name, part in (("email", _address), ("preferences", _preferences)):
        try:
            read[name] = part(row)
        except Mistakes as some:
            mistakes |= some.by_field
    if mistakes:
        raise Mistakes(mistakes)
    chosen: Preferences = read.pop("preferences")
    resting = tuple([mute for mute in read.pop("muted") if mute.topic in chosen.topics])
    name, list_name = read.pop("digest"), read.pop("list_name")
    # The first digest has neither.
    return Newcomer(name=name, list_name=list_name if name else "", preferences=replace(chosen, muted=resting), **read)


def _address(row: Row) -> str:
    return address({"email": row.get("email") or ""})


def _preferences(row: Row) -> Preferences:
    return _chosen(tuple((name, value) for name in FIELDS if (value := row.get(name))))


@lru_cache(REMEMBERED)
def _chosen(given: tuple[tuple[str, str], ...]) -> Preferences:
    return preferences(dict(given), Preferences())


def _status(said: str | None) -> Status:
    if said is None:
        return Status.ACTIVE
    if said.strip().lower() not in list(Status):
        raise ValueError(f"Please use one of {', '.join(Status)}.")
    return Status(said.strip().lower())


def _moment(said: str | None) -> datetime | None:
    if not (said or "").strip():
        return None
    try:
        moment = datetime.fromisoformat(str(said).strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        # The first and the last days of the calendar are not there in every zone.
        raise ValueError("Please write a moment like 2026-03-01T00:00:00+00:00, or nothing.") from None


def _written(muted: Iterable[Mute]) -> str:
    """Write topics that rest, a line each: the day they come back on, and the topic."""
    return "\n".join(f"{mute.until} {mute.topic}" for mute in muted)


def _muted(said: str | None) -> tuple[Mute, ...]:
    parted = [line.split(maxsplit=1) for line in (said or "").split("\n") if line.strip()]
    try:
        return tuple([Mute(topic, date.fromisoformat(until)) for until, topic in parted])
    except ValueError:
        raise ValueError("Please write a day and a topic a line, like 2026-03-01 world models, or nothing.") from None


def _name(said: str | None) -> str:
    return names.read(said or "")


def _key(said: str | None) -> str:
    key = (said or "").strip().lower()
    if key and not re.fullmatch(KEY, key, re.ASCII):
        raise ValueError("Please leave the key as `digest readers export` wrote it, or empty.")
    return key
