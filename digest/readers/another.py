"""Another digest for an address that has one: with a name, topics and a rhythm of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from digest.domain import Preferences, Reader
from digest.readers import names, schedule
from digest.readers.form import FIELDS, Mistakes, Typed, checked
from digest.readers.life import SUBSCRIBED, Event, transition
from digest.store import planning, readers, siblings
from digest.store.engine import retried, writing
from digest.store.tables import readers as rows

# A thesis, a course, a lab meeting; more is one digest with more topics.
MOST_DIGESTS = 10

FULL = f"You already have {MOST_DIGESTS} digests. Delete one that has ended, or add topics to another."
NO_NAME = "Please give it a name, for example “my thesis”."
TAKEN = "You already have a digest with this name. Please choose another name."
ENDED = "Please confirm or restart this digest first; then you can add another."


def typed(filled: Typed) -> tuple[str, Preferences]:
    """Read the name and the preferences of another digest; raise Mistakes."""
    given = checked(filled, {"name": _name, **FIELDS})
    return given.pop("name"), Preferences(**given)


def _name(text: str) -> str:
    if not (name := names.read(text)):
        raise ValueError(NO_NAME)
    return name


@retried
def add(engine: Engine, reader_id: int, name: str, preferences: Preferences, now: datetime) -> Reader | None:
    """Begin another digest for the address of a reader who gets one; None if there is no such reader any more.

    Whoever opened their page has shown that the address is theirs, so nothing is asked; the first one is planned at
    once. Raise Mistakes for a name that is taken, for one too many, and for who gets none.
    """
    with writing(engine) as connection:
        siblings.lock_all(connection, reader_id)
        reader = readers.find_in(connection, reader_id)
        if reader is None:
            return None
        _check(connection, reader, name)
        outcome = transition(None, Event.ADD_ANOTHER)
        assert outcome
        assert outcome.status
        added = readers.add(connection, reader.email, preferences, outcome.status, now, name=name)
        planning.plan_for(connection, rows.c.id == added.id, now, schedule.MOST_CATCH_UP, schedule.next_due)
        return readers.find_in(connection, added.id)


def _check(connection: Connection, reader: Reader, name: str) -> None:
    everyone = siblings.all_of(connection, reader.email)
    if reader.status not in SUBSCRIBED:
        raise Mistakes({"name": ENDED})
    if any(names.key(one.name) == names.key(name) for one in everyone):
        raise Mistakes({"name": TAKEN})
    if len(everyone) >= MOST_DIGESTS:
        raise Mistakes({"name": FULL})
