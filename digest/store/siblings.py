"""The digests of one address, seen from one of them: what happens to an address happens to all of them."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select

from digest.domain import Reader
from digest.store.engine import reading
from digest.store.readers import among, email_key
from digest.store.tables import readers

# Somebody moves, or adds one, between two questions about an address; seldom does that happen twice.
MOST_LOOKS = 5


class Moving(Exception):
    """The digests of an address were others each time it was looked at."""


def of(engine: Engine, reader: Reader) -> list[Reader]:
    """The other digests of a reader's address, the one without a name first, then in the order they came."""
    with reading(engine) as connection:
        return [one for one in all_of(connection, reader.email) if one.id != reader.id]


def all_of(connection: Connection, email: str) -> list[Reader]:
    """Every digest of an address, in the same order; empty for one that is not on the list."""
    theirs = select(readers.c.id).where(readers.c.email_key == email_key(email))
    found = among(connection, list(connection.execute(theirs).scalars()))
    return sorted(found, key=lambda one: (one.name != "", one.id))


def lock_all(connection: Connection, reader_id: int, *emails: str) -> list[int]:
    """Lock every digest of a reader's address, and of these addresses; the numbers of the reader's own, itself first.

    Until the transaction ends nobody changes them, nor adds one to the reader's address who locks them, too. In one
    order, so that two who do so do not wait for each other: the first lock on rows. Empty if there is no such reader.
    """
    others = list(map(email_key, emails))
    for _ in range(MOST_LOOKS):
        own = connection.execute(select(readers.c.email_key).where(readers.c.id == reader_id)).scalar_one_or_none()
        if own is None:
            return []
        these = select(readers.c.id).where(readers.c.email_key.in_([own, *others])).order_by(readers.c.id)
        locked = set(connection.execute(these.with_for_update(key_share=True)).scalars())
        # Asked again: who was waited for may have added one, or moved.
        theirs = select(readers.c.id).where(readers.c.email_key == own).order_by(readers.c.id)
        found = list(connection.execute(theirs).scalars())
        if reader_id in locked.intersection(found) and locked.issuperset(found):
            return [reader_id, *(each for each in found if each != reader_id)]
    raise Moving
